import Figures
import Formats
import Foundation
import Tensors
import Testing

/// The ways out of a figure: whole files, or an error that names what is wrong.
struct FigureTests {
    private let figure = Figure(width: 40, height: 30) { canvas in
        canvas.fill(Color(hex: 0x336699))
        canvas.fill(Rectangle(x: 10, y: 10, width: 20, height: 10), Color(hex: 0xffcc00))
        canvas.text("Ag", at: Point(x: 12, y: 18), font: Font(size: 8), color: .black)
    }

    @Test func aPNGHoldsTheImage() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/figure.png"
            try Data("an older file, to be replaced".utf8).write(to: URL(fileURLWithPath: path))
            try figure.writePNG(to: path, pixelsPerPoint: 2)
            #expect(try Image(contentsOf: path) == figure.image(pixelsPerPoint: 2))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["figure.png"])
        }
    }

    @Test func anSVGHasPathsAndPixelsForUnits() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/figure.svg"
            try figure.writeSVG(to: path)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains("width=\"40px\" height=\"30px\" viewBox=\"0 0 40 30\""))
            // The yellow rectangle, in per cent.
            #expect(
                text.contains("fill:rgb(100%,80%,0%)") && text.contains("M 10 10 L 30 10 L 30 20 L 10 20 Z"))
            #expect(!text.contains("<text"), "letters are outlines, which need no font")
            #expect(text.hasSuffix("</svg>\n"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["figure.svg"])
        }
    }

    @Test func aPDFIsTheSameEachTime() throws {
        try withTemporaryDirectory { directory in
            try figure.writePDF(to: directory + "/1.pdf")
            try figure.writePDF(to: directory + "/2.pdf")
            let first = try Data(contentsOf: URL(fileURLWithPath: directory + "/1.pdf"))
            #expect(first.starts(with: Data("%PDF-1.".utf8)))
            #expect(first.range(of: Data("%%EOF".utf8)) != nil)
            #expect(first.range(of: Data("CreationDate".utf8)) == nil)
            let second = try Data(contentsOf: URL(fileURLWithPath: directory + "/2.pdf"))
            #expect(first == second)
        }
    }

    @Test(arguments: [(0.0, 5.0), (-3, 5), (5, .nan), (.infinity, 5), (1e300, 5)])
    func impossibleSizesAreRefused(width: Double, height: Double) throws {
        let figure = Figure(width: width, height: height) { $0.fill(.white) }
        #expect(throws: FigureError.self) { try figure.image() }
        try withTemporaryDirectory { directory in
            #expect(throws: FigureError.self) { try figure.writePNG(to: directory + "/figure.png") }
            #expect(throws: FigureError.self) { try figure.writeSVG(to: directory + "/figure.svg") }
            #expect(throws: FigureError.self) { try figure.writePDF(to: directory + "/figure.pdf") }
            let left = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(left == [])
        }
    }

    @Test(arguments: [(100_000.0, 5.0), (30_000, 30_000)])
    func tooManyPixelsAreRefused(width: Double, height: Double) throws {
        let figure = Figure(width: width, height: height) { $0.fill(.white) }
        let error = try #require(throws: FigureError.self) { try figure.image() }
        #expect(error.description == "figure: cannot draw \(width) × \(height) pixels")
        #expect(throws: FigureError.self) {
            try Figure(width: 5, height: 5) { _ in }.image(pixelsPerPoint: .nan)
        }
    }

    @Test func aFailedWriteLeavesNothing() throws {
        try withTemporaryDirectory { directory in
            let nowhere = directory + "/missing/figure"
            var error = try #require(throws: FigureError.self) { try figure.writePNG(to: nowhere) }
            #expect(error.description == "\(nowhere): No such file or directory")
            error = try #require(throws: FigureError.self) { try figure.writeSVG(to: nowhere) }
            #expect(error.subject == nowhere)
            // The last step fails, since a directory with something in it cannot be replaced by a file.
            let taken = directory + "/taken"
            try FileManager.default.createDirectory(
                atPath: taken + "/something", withIntermediateDirectories: true)
            #expect(throws: FigureError.self) { try figure.writePDF(to: taken) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["taken"])
        }
    }
}

/// Calls `body` with the path of a new directory, which is removed afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("figures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try body(directory.path)
}
