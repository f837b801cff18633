import Foundation
import TestSupport
import Testing

/// Whatever is wrong with the input: one line on standard error that names it, exit code 2, no output file.
@Suite struct BadInputTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        /// The file's contents; nil for a file that does not exist.
        let bytes: [UInt8]?
        var testDescription: String { name }
    }

    static let weights: [Case] = [
        Case(name: "missing.pth", bytes: nil),
        Case(name: "empty.pth", bytes: []),
        Case(name: "text.safetensors", bytes: Array("these are no weights\n".utf8)),
        Case(name: "zip-without-members.pth", bytes: [0x50, 0x4B, 5, 6] + Array(repeating: 0, count: 18)),
        Case(
            name: "header-longer-than-file.safetensors", bytes: [255, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)),
        Case(
            name: "header-overflows.safetensors", bytes: Array(repeating: 255, count: 8) + Array("{}".utf8)),
        Case(
            name: "out-of-range.safetensors",
            bytes: safetensors(
                #"{"backbone.stem.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 4)),
        Case(
            name: "overlap.safetensors",
            bytes: safetensors(
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                data: 4)),
        Case(
            name: "other-network.safetensors",
            bytes: safetensors(
                #"{"encoder.layer.0.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: 4)),
        Case(
            name: "too-little.safetensors",
            bytes: safetensors(
                #"{"backbone.stem.weight":{"dtype":"F32","shape":[1,3,7,7],"data_offsets":[0,588]}}"#,
                data: 588)),
        // protocol 2: os.system("true") called by REDUCE
        Case(
            name: "pickle.pth",
            bytes: [0x80, 2] + Array("cos\nsystem\nX\u{4}\u{0}\u{0}\u{0}true\u{85}R.".utf8)),
    ]

    static let pictures: [Case] = [
        Case(name: "missing.png", bytes: nil),
        Case(name: "empty.png", bytes: []),
        Case(name: "text.jpg", bytes: Array("no picture".utf8)),
        Case(name: "signature-only.png", bytes: pngSignature),
        Case(name: "zero-wide.png", bytes: png(width: 0, height: 10)),
        Case(name: "huge.png", bytes: png(width: 100_000, height: 100_000)),
        Case(name: "truncated.jpg", bytes: [0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8)),
    ]

    @Test(arguments: weights) func weightsAreRefused(_ bad: Case) throws {
        let folder = try TemporaryFolder()
        let path = try place(bad, in: folder)
        let before = folder.names
        for arguments in [
            ["walkthrough", "--weights", path, "--output", folder.path("out.png")],
            ["record", "--weights", path, "--output", folder.path("out.safetensors")],
            ["convert", path, folder.path("out.safetensors")],
        ] { try expectRefusal(arguments, naming: bad.name) }
        #expect(folder.names == before)
    }

    @Test(arguments: pictures) func picturesAreRefused(_ bad: Case) throws {
        let folder = try TemporaryFolder()
        let path = try place(bad, in: folder)
        let before = folder.names
        for arguments in [
            ["walkthrough", "--image", path, "--output", folder.path("out.png")],
            ["detect", path, "--output", folder.path("found")],
            ["record", path, "--output", folder.path("out.safetensors")],
            ["benchmark", "--image", path],
        ] { try expectRefusal(arguments, naming: bad.name) }
        #expect(folder.names.filter { $0 != "found" } == before)
    }

    @Test(arguments: [
        ["bogus"], ["detect"], ["record"], ["walkthrough", "nosuchstage"], ["walkthrough", "--weights"],
        ["benchmark", "--runs", "0"], ["benchmark", "--runs", "many"], ["benchmark", "--threads", "0"],
        ["detect", "x.png", "--score-threshold", "2"], ["record", "--profile", "caffe", "--output", "x"],
        ["record", "--output", "x", "--batch-norm-epsilon", "-1"],
        ["record", "--stages", "nothing", "--output", "x"],
    ])
    func argumentsAreRefused(_ arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let run = try Invocation(arguments, in: folder.url)
        #expect(run.status == 2)
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        #expect(folder.names.isEmpty)
    }

    @Test func outputThatCannotBeWrittenIsSaid() throws {
        let folder = try TemporaryFolder()
        try expectRefusal(
            ["record", "--output", folder.path("no/such/folder/out.safetensors"), "--stages", "input.*"],
            naming: "out.safetensors")
    }

    private func place(_ file: Case, in folder: TemporaryFolder) throws -> String {
        guard let bytes = file.bytes else { return folder.path(file.name) }
        return try folder.write(bytes, to: file.name)
    }

    private func expectRefusal(_ arguments: [String], naming name: String) throws {
        let run = try Invocation(arguments)
        #expect(run.status == 2, "\(arguments): \(run.errors)")
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(arguments): \(run.errors)")
        #expect(lines.first?.contains(name) == true, "\(arguments): \(run.errors)")
    }

    private static func safetensors(_ header: String, data: Int) -> [UInt8] {
        var bytes: [UInt8] = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        bytes += Array(header.utf8)
        return bytes + [UInt8](repeating: 0, count: data)
    }

    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// A PNG of 8-bit RGB that ends after its header.
    private static func png(width: UInt32, height: UInt32) -> [UInt8] {
        func big(_ value: UInt32) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        var chunk = Array("IHDR".utf8)
        chunk += big(width)
        chunk += big(height)
        chunk += [8, 2, 0, 0, 0]
        return pngSignature + big(13) + chunk + big(crc(chunk))
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
