import Tensors

extension Convolution {
    /// The gradient by the input, by its definition: for each input, the sum over all outputs whose window
    /// covers it of scale times weight times gradient, accumulated in `Double`.
    func pullBackDirectly(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        to result: Shared<UnsafeMutablePointer<Float>>, _ maps: MapBatch
    ) {
        let kernel = window.kernel
        let groupInputs = inputs / window.groups
        let groupOutputs = outputs / window.groups
        parallel(maps.count * maps.height) { row in
            let (map, y) = row.quotientAndRemainder(dividingBy: maps.height)
            weight.withUnsafeElements { weight in
                for x in 0..<maps.width {
                    for channel in 0..<inputs {
                        let (group, c) = channel.quotientAndRemainder(dividingBy: groupInputs)
                        var sum = 0.0
                        for dy in 0..<kernel {
                            guard let outputY = window.output(of: y, tap: dy, length: outputMaps.height)
                            else { continue }
                            for dx in 0..<kernel {
                                guard let outputX = window.output(of: x, tap: dx, length: outputMaps.width)
                                else { continue }
                                let position =
                                    (map * outputMaps.height + outputY) * outputMaps.width + outputX
                                for output in group * groupOutputs..<(group + 1) * groupOutputs {
                                    let w = weight[((output * groupInputs + c) * kernel + dy) * kernel + dx]
                                    let slope = gradient.pointer[position * outputs + output]
                                    sum += Double(scale?[output] ?? 1) * Double(w) * Double(slope)
                                }
                            }
                        }
                        result.pointer[(row * maps.width + x) * inputs + channel] = Float(sum)
                    }
                }
            }
        }
    }

    /// The gradient by the weight, by its definition: for each weight, the sum over all output positions of
    /// scale times gradient times the input that the weight met there, accumulated in `Double`.
    func sumWeightGradientDirectly(
        _ gradient: Shared<UnsafePointer<Float>>, _ outputMaps: MapBatch,
        _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch,
        into result: Shared<UnsafeMutablePointer<Float>>
    ) {
        let kernel = window.kernel
        let groupInputs = inputs / window.groups
        let groupOutputs = outputs / window.groups
        parallel(outputs) { output in
            let firstInput = output / groupOutputs * groupInputs
            for c in 0..<groupInputs {
                for dy in 0..<kernel {
                    for dx in 0..<kernel {
                        var sum = 0.0
                        for row in 0..<outputMaps.count * outputMaps.height {
                            let (map, y) = row.quotientAndRemainder(dividingBy: outputMaps.height)
                            let sourceY = y * window.stride + dy - window.padding
                            guard sourceY >= 0 && sourceY < maps.height else { continue }
                            for x in 0..<outputMaps.width {
                                let sourceX = x * window.stride + dx - window.padding
                                guard sourceX >= 0 && sourceX < maps.width else { continue }
                                let pixel = (map * maps.height + sourceY) * maps.width + sourceX
                                let slope = gradient.pointer[(row * outputMaps.width + x) * outputs + output]
                                sum += Double(slope) * Double(input.pointer[pixel * inputs + firstInput + c])
                            }
                        }
                        result.pointer[((output * groupInputs + c) * kernel + dy) * kernel + dx] =
                            Float(sum * Double(scale?[output] ?? 1))
                    }
                }
            }
        }
    }
}

extension ConvolutionWindow {
    /// Along one axis, the output whose window meets an input position with the given tap of the kernel.
    fileprivate func output(of position: Int, tap: Int, length: Int) -> Int? {
        let place = position + padding - tap
        guard place >= 0 && place % stride == 0 && place / stride < length else { return nil }
        return place / stride
    }
}
