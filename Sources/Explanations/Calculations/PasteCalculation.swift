import Geometry
import Inference

/// A mask pasted into an image by each of the pasting conventions.
package struct PasteCalculation {
    private let map: PlacedMask
    private let pixel: (x: Int, y: Int)?
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(map: PlacedMask, pixel: (x: Int, y: Int)?, print: @escaping (String) -> Void) {
        self.map = map
        self.pixel = pixel
        self.print = print
    }

    package func run() throws {
        if let pixel, !(0..<map.size.width ~= pixel.x && 0..<map.size.height ~= pixel.y) {
            throw CalculationError("--pixel \(pixel.x),\(pixel.y): outside a picture of \(map.size)")
        }
        print("A mask of \(map.side)×\(map.side) on the box \(map.box.digits(2)):")
        var masks: [InstanceMask] = []
        for pasting in Conventions.Output.Pasting.allCases {
            let profiles = Profile.all.filter { $0.conventions.output.pasting == pasting }
            guard let profile = profiles.first else { continue }
            let (conventions, threshold) = (profile.conventions.output, profile.settings.masks.threshold)
            print("\n\(pasting.words) (\(profiles.map(\.name).joined(separator: ", ")))")
            let box = conventions.roundsBoxes ? map.box.rounded : map.box
            if conventions.roundsBoxes { print("  box rounded to \(box.digits(0))") }
            let pasted = map.values.withUnsafeBufferPointer {
                pasteMask(
                    $0, side: map.side, box: box, imageSize: map.size, threshold: threshold,
                    conventions: conventions)
            }
            let placement = MaskPlacement(box: box, side: map.side, imageSize: map.size, pasting: pasting)
            print("  looks at \(placement.region.words)")
            let set = pasted.bounds
            print("  sets \(pasted.area) pixels\(set.isEmpty ? "" : ": within \(set.words)")")
            if let first = masks.first {
                let shared = first.intersectionArea(with: pasted)
                print("  differs from the first in \(first.area + pasted.area - 2 * shared) pixels")
            }
            if let pixel { show(pixel, of: map, placement, pasting: pasting, threshold: threshold) }
            masks.append(pasted)
        }
    }

    private func show(
        _ pixel: (x: Int, y: Int), of map: PlacedMask, _ placement: MaskPlacement,
        pasting: Conventions.Output.Pasting, threshold: Float
    ) {
        let (column, row) = (pixel.x - placement.region.x, pixel.y - placement.region.y)
        guard placement.columns.indices ~= column && placement.rows.indices ~= row else {
            print("  pixel \(pixel.x),\(pixel.y) is not looked at")
            return
        }
        let (across, down) = (placement.columns[column], placement.rows[row])
        print("  pixel \(pixel.x),\(pixel.y) lies between these values of the padded mask:")
        var table = NumberTable("  row, column", "value", "weight", "product")
        var sum: Float = 0
        for (y, high) in [(down.first, 1 - down.weight), (down.second, down.weight)] {
            for (x, wide) in [(across.first, 1 - across.weight), (across.second, across.weight)] {
                let inside = 1...map.side ~= y && 1...map.side ~= x
                let value = inside ? map.values[(y - 1) * map.side + x - 1] : 0
                table.add(
                    "  \(y), \(x)" + (inside ? "" : " border"), value.digits(3), (high * wide).digits(4),
                    (value * high * wide).digits(4))
                sum += value * high * wide
            }
        }
        print(table.text)
        let smallest = pasting.smallestValue(of: map.values)
        let raised = sum < smallest ? ", raised to the map's smallest value, \(smallest.digits(4))" : ""
        let isObject = max(sum, smallest) >= threshold
        print("    sum \(sum.digits(4))\(raised): \(isObject ? "the object's" : "not the object's")")
    }
}

/// A mask, its box, and the size of the image.
package struct PlacedMask {
    let values: [Float]
    let box: Box
    let size: PixelSize

    package init(values: [Float], box: Box, size: PixelSize) {
        (self.values, self.box, self.size) = (values, box, size)
    }

    /// The mask of a detection, as the mask head predicts it.
    package init(of detection: Int, in run: PictureRun) throws {
        guard let masks = run.tensor(.maskProbabilities) else {
            throw CalculationError("the model has no mask head")
        }
        guard let instance = run.instances.first(where: { $0.detection == detection }) else {
            throw CalculationError("--detection \(detection): there is none of that number; the best is 0")
        }
        let count = masks.shape[1] * masks.shape[2]
        self.init(
            values: Array(masks.array[detection * count..<(detection + 1) * count]), box: instance.box,
            size: PixelSize(height: run.image.height, width: run.image.width))
    }

    var side: Int { Int(Double(values.count).squareRoot().rounded()) }
}

extension Conventions.Output.Pasting {
    fileprivate var words: String {
        switch self {
        case .wholePixels: "whole pixels"
        case .pixelCentres: "pixel centres"
        case .resizedToBox: "the box's own pixels"
        }
    }
}

extension PixelRegion {
    fileprivate var words: String {
        isEmpty ? "no pixels" : "columns \(x) … \(x + width - 1), rows \(y) … \(y + height - 1)"
    }
}
