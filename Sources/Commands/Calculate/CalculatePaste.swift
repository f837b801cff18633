import Explanations
import ArgumentParser
import Geometry
import Inference

struct CalculatePaste: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paste",
        abstract: "One pixel of a pasted mask: which values it is interpolated from, by convention.",
        discussion: """
            The mask is a square of probabilities, row by row; without --mask, 28 × 28 ones. Row and column 0 of \
            the padded mask, and those behind the last, are the border of zeros. With --detection, the box and \
            the mask of what was found in a picture.

            Example:  maskrcnn calculate paste --box 10.5,20.5,14.5,24.5 --mask 1,0,0,1 --pixel 12,22
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Where the mask belongs, in pixels of the picture.", valueName: "x1,y1,x2,y2"))
    var box: GivenBox?

    @Option(help: ArgumentHelp("A detection of the picture, 0 for the best.", valueName: "number"))
    var detection: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Column and row of a pixel.", valueName: "x,y"))
    var pixel: GivenPlace?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The mask's probabilities, row by row.", valueName: "numbers"))
    var mask: NumbersArgument?

    @Option(help: ArgumentHelp("The picture's width, with --box.", valueName: "pixels"))
    var width = 320

    @Option(help: ArgumentHelp("The picture's height, with --box.", valueName: "pixels"))
    var height = 240

    @OptionGroup var pipeline: PipelineOptions

    func validate() throws {
        for (name, value) in [("width", width), ("height", height)] {
            guard 1...4000 ~= value else {
                throw ValidationError("--\(name) \(value): must be from 1 to 4000")
            }
        }
        guard (box == nil) != (detection == nil) else {
            throw ValidationError("give --box or --detection, one of the two")
        }
        guard mask == nil || box != nil else { throw ValidationError("--mask: goes with --box") }
        if let mask {
            let side = Int(Double(mask.values.count).squareRoot().rounded())
            guard side * side == mask.values.count else {
                throw ValidationError("--mask: \(mask.values.count) numbers do not make a square")
            }
            guard mask.values.allSatisfy({ 0...1 ~= $0 }) else {
                throw ValidationError("--mask: probabilities must be from 0 to 1")
            }
        }
    }

    func run() throws {
        if let box {
            try show(
                PlacedMask(
                    values: mask?.values ?? Array(repeating: 1, count: 28 * 28), box: box.box,
                    size: PixelSize(height: height, width: width)))
        } else if let detection {
            try pipeline.withRun { try show(PlacedMask(of: detection, in: $0)) }
        }
    }

    private func show(_ map: PlacedMask) throws {
        if let pixel, !(0..<map.size.width ~= pixel.x && 0..<map.size.height ~= pixel.y) {
            throw ValidationError("--pixel \(pixel.x),\(pixel.y): outside a picture of \(map.size)")
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
        _ pixel: GivenPlace, of map: PlacedMask, _ placement: MaskPlacement,
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

/// A mask and where it belongs.
private struct PlacedMask {
    let values: [Float]
    let box: Box
    let size: PixelSize

    init(values: [Float], box: Box, size: PixelSize) {
        (self.values, self.box, self.size) = (values, box, size)
    }

    /// The mask of a detection.
    init(of detection: Int, in run: PictureRun) throws {
        guard let masks = run.tensor(.maskProbabilities) else {
            throw ValidationError("the model has no mask head")
        }
        guard let instance = run.instances.first(where: { $0.detection == detection }) else {
            throw ValidationError("--detection \(detection): there is none of that number; the best is 0")
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
