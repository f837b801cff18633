import Foundation
import Geometry
import Kernels
import Inference
import Tensors
import Testing
import Verification

// MARK: - Input

private let mean = [0.485, 0.456, 0.406], deviation = [0.229, 0.224, 0.225]

private func input(
    _ cause: String, _ form: String,
    place: @escaping @Sendable (Int, Int, Int) -> Double = {
        (Double($0) + 0.5) * Double($1) / Double($2) - 0.5
    },
    value: @escaping @Sendable (Double, Int) -> Double = { ($0 / 255 - mean[$1]) / deviation[$1] }
) -> PlantedFault {
    PlantedFault(cause: cause, form: form, stage: .inputTensor) { _, _ in
        [
            .inputTensor: plainInput(
                DiagnosisRun.picture, height: 208, width: 277, padded: (224, 288), place: place, value: value)
        ]
    }
}

let inputFaults: [PlantedFault] = [
    .moved("channels swapped (RGB against BGR)", "after normalising", [.inputTensor]) { index, _ in
        [2 - index[0], index[1], index[2]]
    },
    PlantedFault(
        cause: "channels swapped (RGB against BGR)", form: "before normalising", stage: .inputTensor
    ) { _, _ in
        let picture = DiagnosisRun.picture
        var swapped = picture
        for pixel in stride(from: 0, to: swapped.pixels.count, by: 3) {
            swapped.pixels[pixel] = picture.pixels[pixel + 2]
            swapped.pixels[pixel + 2] = picture.pixels[pixel]
        }
        return [
            .inputTensor: plainInput(
                swapped, height: 208, width: 277, padded: (224, 288),
                place: { (Double($0) + 0.5) * Double($1) / Double($2) - 0.5 },
                value: { ($0 / 255 - mean[$1]) / deviation[$1] })
        ]
    },
    input("values 0–1 against 0–255", "0–255", value: { ($0 - mean[$1]) / deviation[$1] }),
    input(
        "normalised twice", "",
        value: { (($0 / 255 - mean[$1]) / deviation[$1] - mean[$1]) / deviation[$1] }),
    input("normalisation incomplete", "none", value: { byte, _ in byte / 255 }),
    input("normalisation incomplete", "no mean", value: { $0 / 255 / deviation[$1] }),
    input("half-pixel shift in the resize", "no half pixel", place: { Double($0) * Double($1) / Double($2) }),
    input(
        "half-pixel shift in the resize", "corners aligned",
        place: { Double($0) * Double($1 - 1) / Double($2 - 1) }),
    .moved(
        "height and width exchanged", "of the input", [.inputTensor], shape: { [$0[0], $0[2], $0[1]] }
    ) { index, _ in [index[0], index[2], index[1]] },
]

// MARK: - Maps

let mapFaults: [PlantedFault] = [
    .moved("height and width exchanged", "of c3", [.backbone(3)], shape: { [$0[0], $0[2], $0[1]] }) {
        index, _ in [index[0], index[2], index[1]]
    },
    PlantedFault(
        cause: "upsampled by interpolation, not by repetition", form: "", stage: .topDown(4)
    ) { _, bundle in
        var tensors: PlantedFault.Tensors = [:]
        for level in 2...4 {
            let map = PlainMap(try bundle.map(.merged(level + 1)))
            let shape = try bundle.shape(.topDown(level))
            var values: [Double] = []
            for channel in 0..<shape[0] {
                for y in 0..<shape[1] {
                    for x in 0..<shape[2] {
                        values.append(
                            map.interpolated(
                                (Double(y) + 0.5) * Double(map.height) / Double(shape[1]) - 0.5,
                                (Double(x) + 0.5) * Double(map.width) / Double(shape[2]) - 0.5, channel))
                    }
                }
            }
            tensors[.topDown(level)] = contract(shape, values)
        }
        return tensors
    },
    // A stride in the first convolution is every second position of the input, and no stride after that.
    PlantedFault(
        cause: "stride in the other convolution of a block", form: "", stage: .backbone(3)
    ) { run, bundle in
        let blocks = run.model.network.backbone.stages[1].blocks
        let map = try bundle.map(.backbone(2))
        let (height, width, channels) = (map.shape[0] / 2, map.shape[1] / 2, map.shape[2])
        let values = map.array
        let half = Tensor(
            shape: [height, width, channels],
            elements: (0..<height * width).flatMap { place in
                let start = (place / width * 2 * 2 * width + place % width * 2) * channels
                return values[start..<start + channels]
            })
        func unstrided(_ layer: ConvolutionLayer) -> ConvolutionLayer {
            var layer = layer
            layer.convolution = Convolution(
                weight: layer.convolution.weight, scale: layer.convolution.scale,
                shift: layer.convolution.shift,
                window: ConvolutionWindow(kernel: layer.convolution.window.kernel))
            return layer
        }
        let shortcut = try #require(blocks[0].shortcut)
        let layers = blocks[0].convolutions
        let output =
            half.convolved(by: unstrided(layers[0]), adding: nil, relu: true)
            .convolved(by: unstrided(layers[1]), adding: nil, relu: true)
            .convolved(
                by: layers[2],
                adding: half.convolved(by: unstrided(shortcut), adding: nil, relu: false),
                relu: true)
        #expect(blocks.count == 1)
        return [.backbone(3): ContractTensor(.map(output))]
    },
    PlantedFault(cause: "averaged, not summed", form: "", stage: .merged(4)) { _, bundle in
        let sums = zip(try bundle.flat(.lateral(4)), try bundle.flat(.topDown(4))).map { ($0 + $1) / 2 }
        return [.merged(4): contract(try bundle.shape(.merged(4)), sums)]
    },
]

// MARK: - Controls

let inputControls: [PlantedFault] = [
    input("", "input")
]
