import Formats
import Tensors
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
