import Kernels
import Tensors

/// A convolution by its definition, one output at a time, in Double.
///
/// Besides each output it gives the output's *magnitude*: the same sum with every term's absolute value. A sum
/// of n products in Float32, in whatever order, is off by at most n · 2⁻²⁴ times the magnitude (to first
/// order), which is what the tests allow.
struct ConvolutionOracle {
    let convolution: Convolution
    let relu: Bool
    /// `[count, height, width, channels]` of the output.
    let shape: [Int]

    private let input: [Float]
    private let inputShape: [Int]
    private let residual: [Float]?
    private let weight: [Float]

    init(_ convolution: Convolution, _ input: Tensor, adding residual: Tensor? = nil, relu: Bool = false) {
        self.convolution = convolution
        self.relu = relu
        self.input = input.array
        self.residual = residual?.array
        weight = convolution.weight.array
        inputShape = input.shape.count == 4 ? input.shape : [1] + input.shape
        let window = convolution.window
        func length(_ length: Int) -> Int {
            // The first window starts at −padding, the last one that fits is counted, one by one.
            var count = 0
            let extent = (window.kernel - 1) * window.dilation + 1
            while count * window.stride + extent <= length + 2 * window.padding { count += 1 }
            return count
        }
        shape = [inputShape[0], length(inputShape[1]), length(inputShape[2]), convolution.outputs]
    }

    /// The factors of one rounding that the whole sum may be off by.
    var roundings: Double {
        Double(convolution.weight.count / convolution.outputs + 3)
    }

    /// The output at a row-major index.
    func output(at index: Int) -> (value: Double, magnitude: Double) {
        let channel = index % shape[3]
        let x = index / shape[3] % shape[2]
        let y = index / shape[3] / shape[2] % shape[1]
        let map = index / shape[3] / shape[2] / shape[1]
        let window = convolution.window
        let groupInputs = convolution.weight.shape[1]
        let group = channel * window.groups / shape[3]
        var sum = 0.0
        var magnitude = 0.0
        for c in 0..<groupInputs {
            for ky in 0..<window.kernel {
                for kx in 0..<window.kernel {
                    let w = weight[((channel * groupInputs + c) * window.kernel + ky) * window.kernel + kx]
                    guard
                        let value = padded(
                            map, y * window.stride + ky * window.dilation - window.padding,
                            x * window.stride + kx * window.dilation - window.padding, group * groupInputs + c
                        )
                    else { continue }
                    sum += Double(w) * Double(value)
                    magnitude += abs(Double(w) * Double(value))
                }
            }
        }
        if let scale = convolution.scale?[channel] {
            sum *= Double(scale)
            magnitude *= abs(Double(scale))
        }
        for summand in [convolution.shift?[channel], residual?[index]].compactMap({ $0 }) {
            sum += Double(summand)
            magnitude += abs(Double(summand))
        }
        return (relu && sum < 0 ? 0 : sum, magnitude)
    }

    /// Every output, in row-major order, and its magnitude.
    func outputs() -> (values: [Double], magnitudes: [Double]) {
        let all = (0..<shape.reduce(1, *)).map(output(at:))
        return (all.map(\.value), all.map(\.magnitude))
    }

    /// An input, or nil for the padding around it.
    private func padded(_ map: Int, _ y: Int, _ x: Int, _ channel: Int) -> Float? {
        guard (0..<inputShape[1]).contains(y), (0..<inputShape[2]).contains(x) else { return nil }
        return input[((map * inputShape[1] + y) * inputShape[2] + x) * inputShape[3] + channel]
    }
}
