import Tensors

extension Convolution {
    /// The definition, written out: for each output, the sum over the window and the group's channels of
    /// weight times input, accumulated in `Double`. Slow, and the answer that the other two must give.
    func convolveDirectly(
        _ input: Shared<UnsafePointer<Float>>, _ maps: MapBatch,
        into output: Shared<UnsafeMutablePointer<Float>>, _ outputMaps: MapBatch, finish: Epilogue
    ) {
        let kernel = window.kernel
        let groupInputs = inputs / window.groups
        let groupOutputs = outputs / window.groups
        parallel(maps.count * outputMaps.height) { row in
            let (map, y) = row.quotientAndRemainder(dividingBy: outputMaps.height)
            weight.withUnsafeElements { weight in
                for x in 0..<outputMaps.width {
                    let position = row * outputMaps.width + x
                    for channel in 0..<outputs {
                        let firstInput = channel / groupOutputs * groupInputs
                        var sum = 0.0
                        for dy in 0..<kernel {
                            let sourceY = y * window.stride + dy - window.padding
                            guard sourceY >= 0 && sourceY < maps.height else { continue }
                            for dx in 0..<kernel {
                                let sourceX = x * window.stride + dx - window.padding
                                guard sourceX >= 0 && sourceX < maps.width else { continue }
                                let pixel = (map * maps.height + sourceY) * maps.width + sourceX
                                for c in 0..<groupInputs {
                                    let w = weight[((channel * groupInputs + c) * kernel + dy) * kernel + dx]
                                    let value = input.pointer[pixel * inputs + firstInput + c]
                                    sum += Double(w) * Double(value)
                                }
                            }
                        }
                        output.pointer[position * outputs + channel] = Float(sum)
                    }
                }
            }
            finish.unpacked {
                let positions = row * outputMaps.width..<(row + 1) * outputMaps.width
                $0.finish(output.pointer + positions.lowerBound * outputs, positions: positions)
            }
        }
    }
}
