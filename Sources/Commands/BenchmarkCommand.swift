import Explanations
import ArgumentParser
import Dispatch
import Foundation
import Inference
import Synchronization
import Tensors

struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Time every step of the pipeline.",
        discussion: """
            After a warm-up, each figure is the median over several runs; peak memory is the process's. The \
            picture is not read again between runs, and reading it is not counted.

            Example:  maskrcnn benchmark --weights model.pth --image street.jpg --runs 10
            """)

    @Option(
        help: ArgumentHelp("The picture: PNG or JPEG.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg"]))
    var image: String?

    @Option(help: ArgumentHelp("Runs that count.", valueName: "number"))
    var runs = 5

    @Option(help: ArgumentHelp("Runs before them that do not.", valueName: "number"))
    var warmUp = 1

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Model") var model: ModelOptions

    func validate() throws {
        guard 1...10_000 ~= runs else { throw ValidationError("--runs \(runs): must be from 1 to 10000") }
        guard 0...10_000 ~= warmUp else {
            throw ValidationError("--warm-up \(warmUp): must be from 0 to 10000")
        }
    }

    func run() throws { try model.withSettings(perform) }

    private func perform() throws {
        let picture = try readPicture(image)
        let start = DispatchTime.now()
        let loaded = try model.load()
        let loading = start.secondsAgo
        loaded.model.prepareWeights()
        let preparation = start.secondsAgo - loading
        var found = 0
        for _ in 0..<warmUp { found = loaded.model.detect(picture).count }
        var clocks: [[PipelineStep: Double]] = []
        var totals: [Double] = []
        for _ in 0..<runs {
            let clock = Clock()
            let start = DispatchTime.now()
            found = loaded.model.detect(picture, observer: clock).count
            totals.append(start.secondsAgo)
            clocks.append(clock.steps)
        }
        let steps = PipelineStep.allCases.compactMap { step -> Step? in
            let times = clocks.compactMap { $0[step] }
            return times.isEmpty ? nil : Step(name: step.rawValue, seconds: median(times))
        }
        let report = Report(
            total: median(totals), stages: steps, peakMemory: peakMemory(), load: loading,
            preparation: preparation, seconds: totals,
            detections: found)
        print(json ? try report.json() : report.table())
    }
}

private struct Step {
    let name: String
    let seconds: Double
}

private struct Report {
    let total: Double
    let stages: [Step]
    let peakMemory: Int
    let load: Double
    let preparation: Double
    /// Of each run.
    let seconds: [Double]
    let detections: Int

    func json() throws -> String {
        struct Contents: Encodable {
            let total: Double
            let stages: [String: Double]
            let peakMemory: Int
            let load: Double
            let preparation: Double
            let seconds: [Double]
            let detections: Int
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let contents = Contents(
            total: total, stages: Dictionary(uniqueKeysWithValues: stages.map { ($0.name, $0.seconds) }),
            peakMemory: peakMemory, load: load, preparation: preparation, seconds: seconds,
            detections: detections)
        return String(decoding: try encoder.encode(contents), as: UTF8.self)
    }

    func table() -> String {
        func row(_ name: String, _ value: String) -> String {
            name.padding(toLength: 12, withPad: " ", startingAt: 0)
                + String(repeating: " ", count: max(0, 8 - value.count)) + value
        }
        var lines = stages.map { row($0.name, wording(seconds: $0.seconds)) }
        lines.append(row("total", wording(seconds: total)))
        lines.append(
            "Medians of \(seconds.count) run\(seconds.count == 1 ? "" : "s") (total from "
                + "\(wording(seconds: seconds.min() ?? 0)) to \(wording(seconds: seconds.max() ?? 0))); "
                + "\(detections) detections.")
        lines.append(
            "Model ready after \(wording(seconds: load)), weights repacked in \(wording(seconds: preparation)); "
                + "peak memory \(wording(bytes: peakMemory)).")
        return lines.joined(separator: "\n")
    }
}

/// Notes when each step of the pipeline ends, and wants no tensor.
private final class Clock: Observer, Sendable {
    private let state = Mutex<(last: DispatchTime, steps: [PipelineStep: Double])>((.now(), [:]))

    var steps: [PipelineStep: Double] { state.withLock { $0.steps } }

    func wants(_ stage: Stage) -> Bool { false }
    func record(_ stage: Stage, _ value: StageValue) {}

    func finished(_ step: PipelineStep) {
        state.withLock { state in
            state.steps[step] = state.last.secondsAgo
            state.last = .now()
        }
    }
}

extension DispatchTime {
    fileprivate var secondsAgo: Double {
        Double(DispatchTime.now().uptimeNanoseconds - uptimeNanoseconds) * 1e-9
    }
}

private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The largest amount of memory that the process has had so far, in bytes.
private func peakMemory() -> Int {
    var usage = rusage()
    #if canImport(Glibc)
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    #else
        getrusage(RUSAGE_SELF, &usage)
        return usage.ru_maxrss
    #endif
}
