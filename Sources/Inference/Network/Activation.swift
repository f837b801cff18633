import Geometry
import Kernels
import Tensors

/// The operations that the network needs on the values that flow through it.
///
/// The network is written once, generic over this protocol. With `Tensor` it runs inference; with a value that also
/// records operations for the backward pass, it trains.
public protocol Activation {
    /// The plain tensor, for observers.
    var value: Tensor { get }

    /// Convolution, normalisation or bias, residual and ReLU in one operation, since they can share a pass over memory.
    /// Takes a map `[height, width, channels]` or a batch `[count, height, width, channels]`.
    func convolved(by layer: ConvolutionLayer, adding residual: Self?, relu: Bool) -> Self

    /// Transposed convolution, bias and ReLU.
    func upsampled(by layer: TransposedConvolutionLayer, relu: Bool) -> Self

    /// Max pooling over square windows.
    func maxPooled(_ window: ConvolutionWindow) -> Self

    /// Adds a coarser map, enlarged by nearest-neighbour interpolation. Consumes `self`, so that the sum can reuse its
    /// memory.
    consuming func addingUpsampled(_ coarser: Self) -> Self

    /// Adds a value of the same shape.
    func adding(_ other: Self) -> Self

    /// Bilinear enlargement of height and width by an integer factor.
    func enlargedBilinearly(by factor: Int) -> Self

    /// Pools regions from one or several maps: `[regions, size, size, channels]`. `scales` has one scale from pixels to
    /// positions per map.
    static func pooled(from maps: [Self], regions: [RegionOfInterest], scales: [Float], by layer: RoILayer)
        -> Self

    /// A fully connected layer applied to each row, with an optional ReLU: `[rows, inputs]` → `[rows, outputs]`.
    func dense(by layer: DenseLayer, relu: Bool) -> Self

    /// The mean over all positions of each map: `[count, channels]`.
    func averagedOverPositions() -> Self

    /// The same elements in another shape.
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

/// Inference: each operation calls its kernel.
extension Tensor: Activation {
    /// The tensor, unchanged.
    public var value: Tensor { self }

    /// Calls the convolution kernel, and the group norm kernel if the layer has one.
    public func convolved(by layer: ConvolutionLayer, adding residual: Tensor?, relu: Bool) -> Tensor {
        guard let norm = layer.groupNorm else {
            return layer.convolution(self, adding: residual, relu: relu)
        }
        return norm(layer.convolution(self), adding: residual, relu: relu)
    }

    /// Transposed convolution by the layer's kernel, `[count, height, width, channels]`.
    public func upsampled(by layer: TransposedConvolutionLayer, relu: Bool) -> Tensor {
        layer.convolution(self, relu: relu)
    }

    /// Maximum of each window, channel by channel.
    public func maxPooled(_ window: ConvolutionWindow) -> Tensor { Kernels.maxPooled(self, window: window) }

    /// Calls the kernel, which works in place if this map is not referenced elsewhere.
    public consuming func addingUpsampled(_ coarser: Tensor) -> Tensor {
        Kernels.addingUpsampled(self, coarser)
    }

    /// Element-wise sum.
    public func adding(_ other: Tensor) -> Tensor { sum(self, other) }

    /// Bilinear interpolation to `factor` times the height and width, channel by channel.
    public func enlargedBilinearly(by factor: Int) -> Tensor {
        let size = shape.suffix(3)
        return resizedBilinearly(
            self, height: size[size.startIndex] * factor, width: size[size.startIndex + 1] * factor)
    }

    /// Runs the RoI layer on the maps.
    public static func pooled(
        from maps: [Tensor], regions: [RegionOfInterest], scales: [Float], by layer: RoILayer
    ) -> Tensor {
        layer(maps, regions: regions, scales: scales)
    }

    /// Product with the layer's weight, plus its bias: `[rows, inputs]` → `[rows, outputs]`.
    public func dense(by layer: DenseLayer, relu: Bool) -> Tensor {
        layer.dense(self, relu: relu)
    }

    /// Mean of each channel: `[count, height, width, channels]` → `[count, channels]`.
    public func averagedOverPositions() -> Tensor { Kernels.averagedOverPositions(self) }

    /// Transposes the axes: `[count, channels, height, width]` → `[count, height, width, channels]`.
    public func channelsLast() -> Tensor { Kernels.channelsLast(self) }
}
