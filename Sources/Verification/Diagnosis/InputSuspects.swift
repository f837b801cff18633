import Geometry
import Kernels
import Inference
import Tensors

// Common faults before the first convolution, and of feature maps in general.

extension Diagnosis {
    static var inputSuspects: [Suspect] {
        [
            .pixelwise("channels swapped (RGB against BGR)") { input in
                [
                    ("after normalising", { [$0[2], $0[1], $0[0]] }),
                    (
                        "before normalising",
                        { values in input.normalized([2, 1, 0].map { input.byte(values[$0], channel: $0) }) }
                    ),
                ]
            },
            .pixelwise("values 0–1 against 0–255") { input in
                let factor: Float = input.whitePoint == 1 ? 255 : 1 / 255
                return [
                    (
                        factor > 1 ? "0–255 in place of 0–1" : "0–1 in place of 0–255",
                        { values in input.normalized(input.bytes(values).map { $0 * factor }) }
                    )
                ]
            },
            .pixelwise("normalised twice") { input in [(nil, { input.normalized($0) })] },
            .pixelwise("normalisation incomplete") { input in
                [
                    ("not normalised", { input.bytes($0) }),
                    (
                        "mean not subtracted",
                        { zip(input.bytes($0), input.standardDeviation).map { $0 / $1 } }
                    ),
                    ("not divided by the deviation", { zip($0, input.standardDeviation).map { $0 * $1 } }),
                ]
            },
            Suspect("half-pixel shift in the resize", in: ["input.tensor"]) { trial in
                guard let expected = trial.expected.tensor else { return [] }
                let image = try trial.bundle.image()
                return [("no half pixel", ResamplingGrid.corner), ("corners aligned", .cornersAligned)].map {
                    detail, grid in
                    let resized = grid.resized(
                        image, to: trial.window, conventions: trial.model.conventions.input)
                    return Prediction(.tensor(expected.replacing(trial.window, by: resized)), detail)
                }
            },
            .switched(
                "another resize filter", in: ["input.tensor"],
                [
                    (
                        "bilinear in floats",
                        { configuration in configuration.conventions.input.filter = .bilinearFloat }
                    ),
                    (
                        "antialiased (Pillow)",
                        { configuration in configuration.conventions.input.filter = .antialiasedBytes }
                    ),
                    (
                        "antialiased (Pillow 13)",
                        { configuration in
                            configuration.conventions.input.filter = .antialiasedBytesPillow13
                        }
                    ),
                    (
                        "fixed point (OpenCV)",
                        { configuration in configuration.conventions.input.filter = .fixedPointBytes }
                    ),
                    (
                        "truncated (scikit-image)",
                        { configuration in configuration.conventions.input.filter = .truncatedBytes }
                    ),
                ]),
            .switched(
                "another resize rule", in: ["input.tensor", "input.size"],
                [
                    ("torchvision's", ResizeRule.torchvision), ("detectron2's", .detectron2),
                    ("MMDetection's", .mmdetection), ("Matterport's", .matterport),
                ].map { detail, rule in
                    (detail, { configuration in configuration.conventions.input.resize = rule })
                }),
            .switched(
                "another padding", in: ["input.tensor"],
                [
                    (
                        "filled with the mean's negative",
                        { configuration in configuration.conventions.input.normalizesPadding = true }
                    ),
                    (
                        "filled with zeros",
                        { configuration in configuration.conventions.input.normalizesPadding = false }
                    ),
                    (
                        "around the picture",
                        { configuration in configuration.conventions.input.padding = .aroundInSquare }
                    ),
                    (
                        "right and below",
                        { configuration in configuration.conventions.input.padding = .rightAndBelow }
                    ),
                    ("none", { configuration in configuration.conventions.input.padMultiple = 1 }),
                ]),
            Suspect("picture not resized", in: ["input.size"]) { trial in
                let shape = try trial.bundle.shape(.image)
                guard shape.count == 3 else { return [] }
                return [
                    Prediction(.tensor(Tensor(shape: [2], elements: [Float(shape[1]), Float(shape[2])])))
                ]
            },
            .rearranged(
                "height and width exchanged", in: ["input.size"], [(nil, { $0.rolled(axis: 0, by: 1) })]),
        ]
    }
}

extension Suspect {
    /// A suspect that changes the three channels of every pixel of the image, but not the padding.
    fileprivate static func pixelwise(
        _ name: String,
        _ changes: @escaping (Conventions.Input) -> [(String?, ([Float]) -> [Float])]
    ) -> Suspect {
        Suspect(name, in: ["input.tensor"]) { trial in
            guard let expected = trial.expected.tensor, expected.shape.count == 3, expected.shape[0] == 3
            else { return [] }
            return changes(trial.model.conventions.input).map { detail, change in
                Prediction(.tensor(expected.changing(trial.window, by: change)), detail)
            }
        }
    }
}

extension Trial {
    /// The region of the image in `input.tensor`; all of it if the region is not known.
    fileprivate var window: PixelRegion {
        let shape = expected.tensor?.shape ?? []
        guard shape.count == 3 else { return .empty }
        let whole = PixelRegion(x: 0, y: 0, width: shape[2], height: shape[1])
        guard let size = try? bundle.inputSize() else { return whole }
        return model.conventions.input.window(of: size, in: PixelSize(height: shape[1], width: shape[2]))
            .intersection(with: whole)
    }
}

extension Conventions.Input {
    /// The original of a normalised value, on the scale from 0 to the white point.
    fileprivate func byte(_ value: Float, channel: Int) -> Float {
        value * standardDeviation[channel] + mean[channel]
    }

    fileprivate func bytes(_ values: [Float]) -> [Float] {
        values.indices.map { byte(values[$0], channel: $0) }
    }

    fileprivate func normalized(_ values: [Float]) -> [Float] {
        values.indices.map { (values[$0] - mean[$0]) / standardDeviation[$0] }
    }
}

extension Tensor {
    /// `[3, height, width]` with the channels of each pixel of a window replaced.
    fileprivate func changing(_ window: PixelRegion, by change: ([Float]) -> [Float]) -> Tensor {
        var result = self
        let (width, area) = (shape[2], shape[1] * shape[2])
        result.withUnsafeMutableElements { values in
            for y in window.y..<window.y + window.height {
                for x in window.x..<window.x + window.width {
                    let place = y * width + x
                    let changed = change([values[place], values[area + place], values[2 * area + place]])
                    for channel in 0..<3 { values[channel * area + place] = changed[channel] }
                }
            }
        }
        return result
    }

    /// `[3, height, width]` with a window replaced by a map `[height, width, 3]`.
    fileprivate func replacing(_ window: PixelRegion, by map: Tensor) -> Tensor {
        let values = map.array
        var position = 0
        return changing(window) { _ in
            defer { position += 3 }
            return Array(values[position..<position + 3])
        }
    }
}

/// Sampling grids for resizing that do not align pixel centres.
private enum ResamplingGrid: Sendable {
    /// Output pixel i samples input index i · in / out: indices are scaled, without the half-pixel offset.
    case corner
    /// Output pixel i samples input index i · (in − 1) / (out − 1): `align_corners=True` in PyTorch.
    case cornersAligned

    private func places(from count: Int, to newCount: Int) -> [(first: Int, weight: Float)] {
        (0..<newCount).map { index in
            let place: Double
            switch self {
            case .corner: place = Double(index) * Double(count) / Double(newCount)
            case .cornersAligned: place = Double(index) * Double(count - 1) / Double(max(newCount - 1, 1))
            }
            let first = min(Int(place), count - 1)
            return (first, Float(place - Double(first)))
        }
    }

    /// The resized and normalised image, `[height, width, 3]` in the network's channel order.
    func resized(_ image: Image, to window: PixelRegion, conventions: Conventions.Input) -> Tensor {
        let rows = places(from: image.height, to: window.height)
        let columns = places(from: image.width, to: window.width)
        let colours = conventions.channelOrder == .rgb ? [0, 1, 2] : [2, 1, 0]
        let factor: Float = conventions.whitePoint == 1 ? 1 / 255 : 1
        func value(_ row: Int, _ column: Int, _ colour: Int) -> Float {
            let (y, x) = (min(row, image.height - 1), min(column, image.width - 1))
            return Float(image.pixels[(y * image.width + x) * 3 + colour]) * factor
        }
        var values: [Float] = []
        values.reserveCapacity(rows.count * columns.count * 3)
        for (top, lower) in rows {
            for (left, right) in columns {
                let pixel = colours.map { colour in
                    let above =
                        value(top, left, colour) * (1 - right) + value(top, left + 1, colour) * right
                    let below =
                        value(top + 1, left, colour) * (1 - right) + value(top + 1, left + 1, colour) * right
                    return above * (1 - lower) + below * lower
                }
                values += conventions.normalized(pixel)
            }
        }
        return Tensor(shape: [rows.count, columns.count, 3], elements: values)
    }
}
