import ArgumentParser
import Explanations
import Geometry
import Inference

/// Splits `1,2.5,-3` into finite numbers, or returns nil.
private func numbers(_ text: String, count: ClosedRange<Int>) -> [Float]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard count ~= parts.count else { return nil }
    let numbers = parts.compactMap { Float($0) }
    // Larger values are not meaningful as pixels, and their squares would lose precision or overflow.
    guard numbers.count == parts.count, numbers.allSatisfy({ $0.isFinite && abs($0) <= 1e6 }) else {
        return nil
    }
    return numbers
}

/// A box on the command line: `x1,y1,x2,y2`.
struct CornersArgument: ExpressibleByArgument {
    let box: Box

    init?(argument: String) {
        guard let parts = numbers(argument, count: 4...4) else { return nil }
        box = Box(x1: parts[0], y1: parts[1], x2: parts[2], y2: parts[3])
    }
}

/// A box with a score and optionally a class on the command line: `x1,y1,x2,y2,score` or `x1,y1,x2,y2,score,class`.
struct ScoredBoxArgument: ExpressibleByArgument {
    let box: Box
    let score: Float
    /// The class; 0 unless given.
    let label: Int

    init?(argument: String) {
        guard let parts = numbers(argument, count: 5...6) else { return nil }
        box = Box(x1: parts[0], y1: parts[1], x2: parts[2], y2: parts[3])
        score = parts[4]
        let label = parts.count == 6 ? parts[5] : 0
        guard 0...1000 ~= label, label == label.rounded() else { return nil }
        self.label = Int(label)
    }
}

/// The deltas of a box on the command line: `dx,dy,dw,dh`.
struct DeltaArgument: ExpressibleByArgument {
    let delta: BoxDelta

    init?(argument: String) {
        guard let parts = numbers(argument, count: 4...4) else { return nil }
        delta = BoxDelta(dx: parts[0], dy: parts[1], dw: parts[2], dh: parts[3])
    }
}

/// Numbers on the command line: `2,-1,0.5`.
struct NumbersArgument: ExpressibleByArgument, CustomStringConvertible {
    let values: [Float]

    init(_ values: [Float]) { self.values = values }

    init?(argument: String) {
        guard let values = numbers(argument, count: 1...1000) else { return nil }
        self.values = values
    }

    /// The text that would be given on the command line.
    var description: String {
        values.map { $0 == $0.rounded() && abs($0) < 1e7 ? String(Int($0)) : "\($0)" }.joined(separator: ",")
    }

    var defaultValueDescription: String { description }
}

/// An image's size on the command line, height first: `480x640`.
struct SizeArgument: ExpressibleByArgument {
    let size: PixelSize

    init(_ size: PixelSize) { self.size = size }

    init?(argument: String) {
        let parts = argument.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ 1...100_000 ~= $0 }) else { return nil }
        size = PixelSize(height: parts[0], width: parts[1])
    }
}

/// A level of the pyramid on the command line: `p2` … `p6`.
struct LevelArgument: ExpressibleByArgument {
    /// The level's number: 2 for p2.
    let index: Int
    var name: String { "p\(index)" }

    init(_ index: Int) { self.index = index }

    init?(argument: String) {
        guard argument.count == 2, argument.first == "p", let index = Int(argument.dropFirst()),
            2...6 ~= index
        else { return nil }
        self.index = index
    }
}

/// The image and the model of a calculation that runs the pipeline.
struct PipelineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The picture: PNG or JPEG (default: a drawn scene).", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @OptionGroup(title: "Model") var model: ModelOptions

    /// Runs the pipeline once and calls `body` with all recorded stages.
    func withRun(in session: PictureSession, _ body: (PictureRun) throws -> Void) throws {
        try model.withSettings { try body(session.run(model, on: image)) }
    }
}
