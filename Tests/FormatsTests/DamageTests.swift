import Formats
import Tensors
import TestSupport
import Testing

/// Files of every container, cut off and damaged: reading them may fail, in one way only.
@Suite("Damaged files")
struct DamageTests {
    private static let names = [
        "zip.pth", "legacy.pth", "untyped.pth", "training.pth", "training-legacy.pth",
        "everything.safetensors",
        "stored.npz", "compressed.npz", "arrays/fpn.p2.npy",
    ]

    /// Reads everything that there is to read. What is thrown and is no `FileError` fails the test.
    private func readAll(_ bytes: [UInt8]) throws -> Bool {
        do {
            let file = try TensorFile(bytes, path: "damaged")
            for tensor in file.tensors {
                do {
                    let floats = try tensor.floats()
                    #expect(floats.shape == tensor.shape)
                    #expect(floats.array.count == tensor.count)
                    _ = try tensor.integers()
                } catch is FileError {}
            }
            return true
        } catch is FileError {
            return false
        }
    }

    /// No beginning of a file is a file.
    @Test(arguments: names)
    func everyPrefix(name: String) throws {
        let bytes = try fixtureBytes(name)
        #expect(try readAll(bytes))
        for count in bytes.indices {
            if try readAll(Array(bytes[..<count])) {
                Issue.record("\(name) cut off after \(count) bytes was read")
            }
        }
    }

    /// A few thousand files with one to eight bytes changed, each time the same.
    @Test(arguments: names)
    func mutations(name: String) throws {
        let bytes = try fixtureBytes(name)
        var generator = SeededGenerator(seed: 1, name: name)
        var survivors = 0
        for _ in 0..<500 {
            if try readAll(mutated(bytes, &generator)) { survivors += 1 }
        }
        // Most of a file is data, and padding; both outcomes must occur, or this tests nothing.
        #expect(survivors > 0)
        #expect(survivors < 500)
    }

    /// The same of checkpoints with several dictionaries, and what stands before their names.
    @Test(arguments: [
        "lightning.pth", "nested.pth", "model-and-average.pth", "student-and-teacher-in-one.pth", "whole.pth",
        "net-legacy.pth",
    ])
    func mutationsOfWrappers(name: String) throws {
        let bytes = try fixtureBytes("Wrapped/" + name)
        var generator = SeededGenerator(seed: 2, name: name)
        for _ in 0..<300 {
            do {
                _ = try Checkpoint(try TensorFile(mutated(bytes, &generator), path: "damaged"))
            } catch let error as FileError {
                #expect(!error.fault.isEmpty && !error.description.contains("\n"))
            }
        }
    }

    /// Of an index of files in parts, beside which the parts are.
    @Test func mutationsOfAnIndex() throws {
        let folder = try TemporaryFolder()
        for number in 1...2 {
            let name = "model-0000\(number)-of-00002.safetensors"
            _ = try folder.write(try fixtureBytes("Wrapped/parts/" + name), to: name)
        }
        let bytes = try fixtureBytes("Wrapped/parts/model.safetensors.index.json")
        var generator = SeededGenerator(seed: 3)
        var survivors = 0
        for round in 0..<500 {
            let index = round == 0 ? bytes : mutated(bytes, &generator)
            let path = try folder.write(index, to: "model.safetensors.index.json")
            do {
                _ = try TensorFile(contentsOf: path)
                survivors += 1
            } catch let error as FileError {
                #expect(!error.fault.isEmpty && !error.description.contains("\n"))
            }
        }
        #expect(survivors > 0 && survivors < 500)
    }

    private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            let index = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 2: bytes[index] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
            case 3:
                // A number at its largest, of two to eight bytes.
                let end = min(bytes.count, index + Int.random(in: 2...8, using: &generator))
                for position in index..<end { bytes[position] = position + 1 == end ? 0x7F : 0xFF }
            case 4: bytes.insert(bytes[index], at: Int.random(in: bytes.indices, using: &generator))
            default: if bytes.count > 1 { bytes.remove(at: index) }
            }
        }
        return bytes
    }
}
