import ArgumentParser
import COCO
import Execution
import Formats
import Foundation
import Geometry
import Scenes
import Tensors

struct ScenesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenes",
        abstract: "Draw pictures to train on, with their annotations.",
        discussion: """
            Writes images/000000.png, images/000001.png, … and annotations.json in COCO's format: boxes, masks, \
            keypoints and crowds. A picture's id is the number in its name. The same seed gives the same \
            pictures, and more of them begin with the same ones.

            The annotations are written last: a folder that has them is complete.

            Example:  maskrcnn scenes --count 1000 --seed 1 --output scenes
            """)

    @Option(help: ArgumentHelp("How many pictures.", valueName: "number"))
    var count: Int

    @Option(help: ArgumentHelp("Which pictures: any number, another for others.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "The shorter side of the pictures; the longer is a third longer, and one picture in four upright.",
            valueName: "pixels"))
    var size = SceneGenerator.defaultShorterSide

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A folder for the dataset; new or empty.", valueName: "folder"),
        completion: .directory)
    var output: String

    @Flag(help: "Write all masks as run lengths, which say every pixel, rather than polygons where these do.")
    var runLengths = false

    @OptionGroup
    var execution: ThreadOptions

    private static let largestSize = SceneGenerator.sides.upperBound / 4 * 3

    func validate() throws {
        guard 1...1_000_000 ~= count else {
            throw ValidationError("--count \(count): must be from 1 to 1000000")
        }
        guard !output.isEmpty else { throw ValidationError("--output: a folder's name is missing") }
        let smallest = SceneGenerator.sides.lowerBound
        guard smallest...Self.largestSize ~= size else {
            throw ValidationError("--size \(size): must be from \(smallest) to \(Self.largestSize)")
        }
    }

    func run() throws { try execution.perform(draw) }

    private func draw() throws {
        try makeFolders()
        let generator = SceneGenerator(seed: seed, shorterSide: size)
        var dataset = Dataset.ofScenes
        var progress = Progress(total: count)
        // A few at a time are drawn at once; their annotations are numbered in order.
        let batch = 32
        for start in stride(from: 0, to: count, by: batch) {
            let indices = start..<min(start + batch, count)
            let scenes = try write(indices, of: generator)
            for (index, scene) in zip(indices, scenes) {
                dataset.add(scene, id: index, fileName: Self.name(ofPicture: index))
                progress.advance()
            }
        }
        progress.clear()
        let path = output + "/annotations.json"
        try OutputFile.write(try dataset.encoded(), to: path)
        print("\(path): \(dataset.annotations.count) objects in \(count) pictures")
    }

    /// Draws some scenes and writes their pictures, in parallel.
    /// - Throws: the first error of writing, in the order of the pictures.
    private func write(_ indices: Range<Int>, of generator: SceneGenerator) throws -> [SceneRecord] {
        let folder = output + "/images/"
        return try parallelMap(indices.count) { offset in
            Result {
                let index = indices.lowerBound + offset
                let scene = generator.scene(index)
                try scene.picture.writePNG(to: folder + Self.name(ofPicture: index))
                return SceneRecord(scene, exactly: runLengths)
            }
        }.map { try $0.get() }
    }

    private func makeFolders() throws {
        let files = FileManager.default
        if let contents = try? files.contentsOfDirectory(atPath: output), !contents.isEmpty {
            throw FileError(path: output, fault: "is not empty; scenes are written to a folder of their own")
        }
        do {
            try files.createDirectory(atPath: output + "/images", withIntermediateDirectories: true)
        } catch {
            throw FileError(path: output, fault: "cannot be made a folder")
        }
    }

    private static func name(ofPicture index: Int) -> String {
        let digits = String(index)
        return String(repeating: "0", count: max(6 - digits.count, 0)) + digits + ".png"
    }
}
