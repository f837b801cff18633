import Geometry
import Kernels
import Tensors

/// What the network asks of a value that flows through it.
///
/// The network is written once, generic over this protocol. A `Tensor` makes it inference; a value that also
/// records how to go back makes it training; both run the same lines.
public protocol Activation {
    /// The plain value, for whoever watches.
    var value: Tensor { get }

    /// Convolution, its norm or bias, a residual and ReLU in one go, since the four can share a pass over
    /// memory. A map `[height, width, channels]` or a batch `[count, height, width, channels]`.
    func convolved(by layer: ConvolutionLayer, adding residual: Self?, relu: Bool) -> Self

    /// Transposed convolution, bias and ReLU.
    func upsampled(by layer: TransposedConvolutionLayer, relu: Bool) -> Self

    /// Maximum over square windows.
    func maxPooled(_ window: ConvolutionWindow) -> Self

    /// The sum with a coarser map, enlarged by repeating the nearest value. Consumes `self`, so that the sum
    /// can take its memory.
    consuming func addingUpsampled(_ coarser: Self) -> Self

    /// The sum with a value of the same shape.
    func adding(_ other: Self) -> Self

    /// Bilinear enlargement by a whole factor.
    func enlargedBilinearly(by factor: Int) -> Self

    /// Pools regions from one or several maps: `[regions, size, size, channels]`.
    static func pooled(from maps: [Self], regions: [RegionOfInterest], scales: [Float], by layer: RoILayer)
        -> Self

    /// A fully connected layer on each row, with ReLU if asked for.
    func dense(by layer: DenseLayer, relu: Bool) -> Self

    /// The mean over all positions of each map: `[count, channels]`.
    func averagedOverPositions() -> Self

    /// The same numbers under another shape.
    func reshaped(to shape: [Int]) -> Self

    /// A batch of maps with its channels moved from the second axis to the last:
    /// `[count, channels, height, width]` → `[count, height, width, channels]`.
    func channelsLast() -> Self
}

extension Activation {
    func convolved(by layer: ConvolutionLayer, relu: Bool = false) -> Self {
        convolved(by: layer, adding: nil, relu: relu)
    }
}

/// Inference: each request is a call of its kernel.
extension Tensor: Activation {
    /// Itself.
    public var value: Tensor { self }

    /// One call of the kernel; with a group norm, two.
    public func convolved(by layer: ConvolutionLayer, adding residual: Tensor?, relu: Bool) -> Tensor {
        guard let norm = layer.groupNorm else {
            return layer.convolution(self, adding: residual, relu: relu)
        }
        return norm(layer.convolution(self), adding: residual, relu: relu)
    }

    /// One call of the kernel.
    public func upsampled(by layer: TransposedConvolutionLayer, relu: Bool) -> Tensor {
        layer.convolution(self, relu: relu)
    }

    /// One call of the kernel.
    public func maxPooled(_ window: ConvolutionWindow) -> Tensor { Kernels.maxPooled(self, window: window) }

    /// One call of the kernel, in place when nobody else refers to the map.
    public consuming func addingUpsampled(_ coarser: Tensor) -> Tensor {
        Kernels.addingUpsampled(self, coarser)
    }

    /// One call of the kernel.
    public func adding(_ other: Tensor) -> Tensor { sum(self, other) }

    /// One call of the kernel.
    public func enlargedBilinearly(by factor: Int) -> Tensor {
        let size = shape.suffix(3)
        return resizedBilinearly(
            self, height: size[size.startIndex] * factor, width: size[size.startIndex + 1] * factor)
    }

    /// One call of the kernel.
    public static func pooled(
        from maps: [Tensor], regions: [RegionOfInterest], scales: [Float], by layer: RoILayer
    ) -> Tensor {
        layer(maps, regions: regions, scales: scales)
    }

    /// One call of the kernel.
    public func dense(by layer: DenseLayer, relu: Bool) -> Tensor {
        layer.dense(self, relu: relu)
    }

    /// One call of the kernel.
    public func averagedOverPositions() -> Tensor { Kernels.averagedOverPositions(self) }

    /// One call of the kernel.
    public func channelsLast() -> Tensor { Kernels.channelsLast(self) }
}
