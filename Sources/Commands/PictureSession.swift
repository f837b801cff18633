import ArgumentParser
import Execution
import Explanations
import Formats
import Foundation
import Inference
import Kernels
import Loading
import Tensors
import Walkthroughs

/// A command that runs the network over a picture, and can share that run with other commands of the same process.
protocol PictureCommand: ParsableCommand {
    /// Does what the command is for.
    func run(in session: PictureSession) throws
}

extension PictureCommand {
    mutating func run() throws { try run(in: PictureSession(keepsRuns: false)) }
}

/// The runs of the network that commands share: the network runs over the same picture, by the same weights and the
/// same configuration, once.
final class PictureSession {
    /// All that decides what a run leaves behind, except for the number of threads.
    fileprivate struct Key: Equatable {
        let picture: Image
        let weights: FileIdentity?
        let randomWeights: UInt64?
        let entry: String?
        let configuration: Configuration
        let classes: ClassTable
        let kernels: KernelImplementation
        let convolution: ConvolutionAlgorithm?
    }

    /// A file, as long as nobody writes it anew.
    fileprivate struct FileIdentity: Equatable {
        let path: String
        let size: Int
        let modified: Date

        /// Nil if there is no such file: whoever reads it says so.
        init?(_ path: String) {
            let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
                let size = facts[.size] as? Int, let modified = facts[.modificationDate] as? Date
            else { return nil }
            (self.path, self.size, self.modified) = (path, size, modified)
        }
    }

    /// Whether other commands will follow, for which a whole run is worth its memory.
    let keepsRuns: Bool
    private var runs: [(key: Key, run: PictureRun)] = []
    /// What was found in pictures that nobody asked for more of.
    private var found: [(key: Key, instances: [Instance])] = []
    /// The first, which is the reader's own, and the last: each of a large network takes a gigabyte.
    private static let mostRuns = 2
    private static let mostPictures = 32

    init(keepsRuns: Bool) { self.keepsRuns = keepsRuns }

    /// What the network leaves behind of a picture, from an earlier command or computed now.
    /// - Parameters:
    ///   - options: which model; the kernels are those in force.
    ///   - path: of the picture; nil for the one that ships.
    func run(
        _ options: ModelOptions, on path: String?, turning: ImageFile.Turning = .upright
    ) throws -> PictureRun {
        let picture = try readPicture(path, turning: turning)
        let loaded = try options.load()
        let key = Key(picture, loaded, options)
        if let known = runs.first(where: { $0.key == key }) { return known.run }
        let name = path.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "a drawn scene"
        let run = Activity.during("running the network over \(name)") {
            PictureRun(loaded, on: picture, named: name)
        }
        if keepsRuns {
            if runs.count == Self.mostRuns { runs.removeLast() }
            runs.append((key, run))
        }
        return run
    }

    /// What a model finds in a picture, from an earlier command or computed now.
    func instances(of loaded: LoadedModel, _ options: ModelOptions, in picture: Image) -> [Instance] {
        guard keepsRuns else { return loaded.model.detect(picture) }
        let key = Key(picture, loaded, options)
        if let known = runs.first(where: { $0.key == key }) { return known.run.instances }
        if let known = found.first(where: { $0.key == key }) { return known.instances }
        let instances = loaded.model.detect(picture)
        if found.count == Self.mostPictures { found.removeFirst() }
        found.append((key, instances))
        return instances
    }
}

extension PictureSession.Key {
    /// With the kernels in force.
    fileprivate init(_ picture: Image, _ loaded: LoadedModel, _ options: ModelOptions) {
        self.picture = picture
        weights = options.weights.flatMap { PictureSession.FileIdentity($0) }
        randomWeights = options.randomWeights
        entry = options.reading.entry
        configuration = loaded.model.configuration
        classes = loaded.model.classes
        kernels = ExecutionContext.current.kernels
        convolution = ExecutionContext.current.convolution
    }
}

extension PictureSession {
    /// Runs a command of a page in this process, if it is one that shares runs.
    /// - Parameters:
    ///   - arguments: those of `maskrcnn`.
    ///   - folder: where it runs.
    /// - Returns: nil for other commands and for arguments with a fault, which a process of their own can report.
    func outcome(of arguments: [String], in folder: String) -> ConsoleSession.Outcome? {
        guard let command = try? MaskRCNNCommand.parseAsRoot(arguments),
            let command = command as? any PictureCommand
        else { return nil }
        var status: Int32 = 0
        let lines = standardOutput(in: folder) {
            do { try command.run(in: self) } catch { status = Main.reporting(error) }
        }
        return lines.map { ConsoleSession.Outcome(lines: $0, status: status) }
    }
}

/// What `body` prints on standard output and standard error, in a folder; nil if that cannot be caught.
private func standardOutput(in folder: String, of body: () -> Void) -> [String]? {
    let manager = FileManager.default
    let before = manager.currentDirectoryPath
    guard let file = tmpfile() else { return nil }
    defer { fclose(file) }
    fflush(nil)
    let streams = [STDOUT_FILENO, STDERR_FILENO]
    let saved = streams.map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
    defer { saved.forEach { close($0) } }
    guard saved.allSatisfy({ $0 >= 0 }), manager.changeCurrentDirectoryPath(folder) else { return nil }
    for stream in streams { dup2(fileno(file), stream) }
    body()
    fflush(nil)
    for (stream, copy) in zip(streams, saved) { dup2(copy, stream) }
    _ = manager.changeCurrentDirectoryPath(before)
    rewind(file)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return ConsoleSession.lines(of: bytes)
}
