/// The sizes of a feature map `[height, width, channels]` or of a batch of them `[count, height, width, channels]`.
struct MapSizes: Hashable, Sendable {
    let count: Int
    let height: Int
    let width: Int
    let channels: Int
    /// Whether the shape has a batch axis. Without one, `count` is 1.
    let hasBatchAxis: Bool

    init(count: Int, height: Int, width: Int, channels: Int, hasBatchAxis: Bool = true) {
        precondition(hasBatchAxis || count == 1)
        self.count = count
        self.height = height
        self.width = width
        self.channels = channels
        self.hasBatchAxis = hasBatchAxis
    }

    init(_ shape: [Int]) {
        precondition(shape.count == 3 || shape.count == 4, "shape \(shape) is not a map or a batch of maps")
        let sizes = Array(shape.suffix(3))
        self.init(
            count: shape.count == 4 ? shape[0] : 1, height: sizes[0], width: sizes[1], channels: sizes[2],
            hasBatchAxis: shape.count == 4)
    }

    /// As many maps, of other sizes.
    func with(height: Int, width: Int, channels: Int) -> MapSizes {
        MapSizes(count: count, height: height, width: width, channels: channels, hasBatchAxis: hasBatchAxis)
    }

    /// The tensor shape.
    var shape: [Int] { hasBatchAxis ? [count, height, width, channels] : [height, width, channels] }

    /// The positions of one map.
    var area: Int { height * width }

    /// The positions of all maps.
    var positions: Int { count * area }

    /// The sizes after a convolution.
    func convolved(by window: ConvolutionWindow, outputs: Int) -> MapSizes {
        let (outputHeight, outputWidth) = (window.outputLength(height), window.outputLength(width))
        precondition(
            outputHeight > 0 && outputWidth > 0, "a \(height)×\(width) map is smaller than the window")
        return with(height: outputHeight, width: outputWidth, channels: outputs)
    }
}
