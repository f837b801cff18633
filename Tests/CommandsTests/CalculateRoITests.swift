import Foundation
import TestSupport
import Testing

/// `maskrcnn calculate roi`; the numbers of the worked example are done by hand.
@Suite("calculate roi") struct CalculateRoITests {
    /// A line's words, so that the width of columns does not matter.
    private func lines(_ output: String) -> [[String]] {
        output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    /// 665 / 32 = 20.78 → 20, which is 0.78 cells or 25 pixels short; 20 / 7 = 2.857 → 2, so that 14 of 20 cells
    /// are read, and the last bin ends (20.78 − 14) · 32 = 217 pixels before the box does.
    @Test func theWorkedExampleCutDown() throws {
        let run = try Invocation("calculate", "roi", "--layer", "pool")
        #expect(run.status == 0 && run.errors.isEmpty)
        let found = lines(run.output)
        #expect(found.contains(["right", "20.781", "20", "−0.781", "−25.0"]))
        #expect(found.contains(["bottom", "20.781", "20", "−0.781", "−25.0"]))
        #expect(found.contains(["left", "0.000", "0", "0.000", "0.0"]))
        #expect(run.output.contains("20 / 7 = 2.857 → 2 cells a bin"))
        #expect(run.output.contains("7 × 2 = 14: the last 6 of 20 cells are never read"))
        // Bin 3 of the exact ones reaches from 3 · 2.9688 to 4 · 2.9688; the rounded one from 6 to 8.
        #expect(found.contains(["3", "8.906", "to", "11.875", "6", "to", "8", "−93.0", "−124.0"]))
        #expect(found.contains(["6", "17.812", "to", "20.781", "12", "to", "14", "−186.0", "−217.0"]))
    }

    /// 20.78 → 21, and that cell counts: 22 cells, 1.22 cells or 39 pixels too many; 22 / 7 = 3.143, and bin 1
    /// reaches from ⌊3.143⌋ to ⌈6.286⌉.
    @Test func theWorkedExampleRounded() throws {
        let run = try Invocation("calculate", "roi", "--layer", "pool")
        let found = lines(run.output)
        #expect(found.contains(["right", "20.781", "22", "+1.219", "+39.0"]))
        #expect(run.output.contains("22 / 7 = 3.143 cells a bin"))
        #expect(found.contains(["1", "2.969", "to", "5.938", "3", "to", "7", "+1.0", "+34.0"]))
    }

    /// RoIWarp rounds 20.78 to 21: 7 pixels too far, bins of exactly 3.
    @Test func theWorkedExampleWarped() throws {
        let run = try Invocation("calculate", "roi", "--layer", "warp")
        let found = lines(run.output)
        #expect(found.contains(["right", "20.781", "21", "+0.219", "+7.0"]))
        #expect(
            found.contains(
                "0.000 3.000 6.000 9.000 12.000 15.000 18.000 21.000".split(separator: " ").map(String.init)))
        #expect(!run.output.contains("RoIPool") && !run.output.contains("RoIAlign"))
    }

    /// Bins of 20.78125 / 7 = 2.96875. With the half pixel the first sample lies at 2.96875 / 4 − ½ = 0.2422 on
    /// both axes: weights (1 − 0.2422)² = 0.574, 0.184, 0.184 and 0.2422² = 0.059. Without, at 0.742: 0.066, 0.191,
    /// 0.191, 0.551.
    @Test func theWorkedExampleAligned() throws {
        let aligned = lines(try Invocation("calculate", "roi", "--layer", "align").output)
        #expect(
            aligned.contains([
                "0.242", "0.242", "0,", "1", "0,", "1", "0.574", "0.184", "0.184", "0.059",
            ]))
        let shifted = lines(
            try Invocation("calculate", "roi", "--layer", "align", "--no-half-pixel").output)
        #expect(
            shifted.contains([
                "0.742", "0.742", "0,", "1", "0,", "1", "0.066", "0.191", "0.191", "0.551",
            ]))
    }

    /// Another box: x 8 … 72 on stride 16 is 0.5 … 4.5 of a map of 8 × 6 cells, y 0 … 64 is 0 … 4. Cut down, columns
    /// start at 0 with 4 cells in 2 bins of 2, half a cell too far left: 8 pixels.
    @Test func anyBox() throws {
        let run = try Invocation(
            "calculate", "roi", "--box", "8,0,72,64", "--stride", "16", "--bins", "2", "--size", "128,96")
        #expect(run.status == 0)
        #expect(run.output.contains("8 × 6 cells"))
        let found = lines(run.output)
        #expect(found.contains(["0", "0.500", "to", "2.500", "0", "to", "2", "−8.0", "−8.0"]))
        #expect(found.contains(["1", "2.000", "to", "4.000", "2", "to", "4", "0.0", "0.0"]))
    }

    @Test func linesFitTheScreen() throws {
        for arguments in [
            [], ["--box", "-1000,3,9999.5,70000", "--bins", "64", "--samples", "16", "--bin", "63,63"],
        ] {
            let run = try Invocation(["calculate", "roi"] + arguments)
            #expect(run.status == 0)
            for line in run.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        }
    }

    @Test(arguments: ["png", "svg", "pdf"]) func figuresAreWritten(format: String) throws {
        let folder = try TemporaryFolder()
        for layer in [[], ["--layer", "align"]] {
            let path = folder.path("figure\(layer.count).\(format)")
            let run = try Invocation(["calculate", "roi", "--figure", path] + layer)
            #expect(run.status == 0 && run.output.contains(path))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count > 5000)
        }
        #expect(folder.names.count == 2)
    }

    @Test(arguments: [
        ["--box", "1,2,3"], ["--box", "0,0,nan,5"], ["--box", "10,0,5,5"], ["--box", "0,0,1e9,5"],
        ["--stride", "0"], ["--stride", "nan"], ["--bins", "0"], ["--bins", "65"], ["--bins", "x"],
        ["--samples", "0"], ["--bin", "7,0"], ["--bin", "1"], ["--bin", "0.5,1"], ["--layer", "pyramid"],
        ["--size", "0,5"], ["--size", "5"], ["--figure", "picture.gif"], ["--figure", "picture"],
    ]) func badArguments(arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let run = try Invocation(["calculate", "roi"] + arguments, in: folder.url)
        #expect(run.status == 2 && run.output.isEmpty)
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(run.errors.contains(arguments[0]))
        #expect(folder.names.isEmpty)
    }
}
