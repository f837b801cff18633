import Testing

/// `maskrcnn calculate` of masks, keypoints, losses, training, evaluation and convolution. All numbers by hand, as
/// on the pages.
@Suite struct HeadCalculationTests {
    /// Lines of output with single blanks between their words.
    private func lines(_ arguments: String...) throws -> [String] {
        let run = try Invocation(["calculate"] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        return run.output.split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
    }

    @Test func aMaskOfSigmoidsAndOneOfASoftmax() throws {
        // σ(2) = 1 / (1 + e⁻²) = 0.8808; e² / (1 + e⁻¹ + e² + e³) = 7.3891 / 28.8425 = 0.2562.
        let lines = try lines("mask", "--logits", "0,-1,2,3", "--class", "2")
        #expect(lines.contains("class 2 2.000 0.8808 0.2562 <- chosen"))
        #expect(lines.contains("sigmoid: 0.8808 is at least 0.5: the object's."))
        #expect(lines.contains("softmax: 0.2562 is below 0.5: not the object's."))
    }

    @Test func aPixelOfAPastedMask() throws {
        // Half a cell from both ones of the diagonal: ¼ + ¼, on the exact box and in torchvision's way; Matterport rounds the box first.
        let diagonal = try lines(
            "paste", "--box", "10.5,20.5,14.5,24.5", "--mask", "1,0,0,1", "--pixel", "12,22")
        #expect(diagonal.filter { $0 == "sum 0.5000: the object's" }.count == 2)
        // A single cell on 4×4 pixels: 0.625 and 0.875 along each axis, so only the corners fall below ½.
        let cell = try lines("paste", "--box", "10,10,14,14", "--mask", "1", "--pixel", "10,10")
        #expect(cell.contains("sets 12 pixels: within columns 10 … 13, rows 10 … 13"))
        #expect(cell.contains("sum 0.3906: not the object's"))
        // scikit-image 0.26: resize(numpy.ones((1, 1)), (4, 4), order=1, mode="constant") is 1 everywhere.
        #expect(cell.contains("sum 0.3906, raised to the map's smallest value, 1.0000: the object's"))
    }

    @Test func aKeypointThereAndBack() throws {
        // Cells of 2 × 3 pixels: column ⌊20.3⌋, row ⌊30.8⌋; the centre at 40 + 20.5 · 2, 60 + 30.5 · 3.
        let lines = try lines("keypoint", "--box", "40,60,152,228", "--place", "20.3,30.8")
        #expect(
            lines.contains("Training: the point falls into column 20, row 30, the right one of 3136 cells."))
        #expect(lines.contains("corner of the largest cell 80.00 150.00 -0.60 -2.40"))
        #expect(lines.contains("its centre, half a cell on 81.00 151.50 0.40 -0.90"))
        // Pixels of one unit, since the box has whole sides: the centre of the nearest to 80.6, 152.4.
        #expect(lines.contains("enlarged to the box's pixels 80.50 152.50 -0.10 0.10"))
    }

    @Test func similarityOfKeypoints() throws {
        // exp(−25 / (2 · 5.2²)) and exp(−400 / (2 · 21.4²)).
        let lines = try lines("oks", "--area", "10000", "nose:5", "left_hip:20")
        #expect(lines.contains("nose 0.052 5.20 5.00 0.6298"))
        #expect(lines.contains("left_hip 0.214 21.40 20.00 0.6462"))
        #expect(lines.last == "OKS: the mean of 2, 0.6380")
    }

    @Test func anObjectWithoutAGoodAnchorGetsItsBest() throws {
        // Shifted by s, boxes of 100 overlap by (100 − s) / (100 + s).
        let lines = try lines(
            "match", "--object", "0,0,100,100", "--object", "300,300,320,320", "--candidate", "10,0,110,100",
            "--candidate", "30,0,130,100", "--candidate", "60,0,160,100", "--candidate", "260,260,360,360")
        #expect(lines.contains("1 0.8182 0.0000 object 1"))
        #expect(lines.contains("2 0.5385 0.0000 nothing: ignored"))
        #expect(lines.contains("3 0.2500 0.0000 background"))
        #expect(lines.contains("4 0.0000 0.0400 object 2 (low quality)"))
    }

    @Test func losses() throws {
        let box = try lines(
            "loss", "box", "--proposal", "0,0,100,100", "--predicted", "10,0,110,100", "--target",
            "20,0,120,100")
        // 10 · 10 / 100 against 10 · 20 / 100; 1 − β / 2; 1 − 90 / 110.
        #expect(box.contains("difference -1.0000 0.0000 0.0000 0.0000"))
        #expect(box.contains("smooth L1, beta 1/9 0.9444 -1.0000 0.0000 0.0000 0.0000"))
        #expect(box.contains { $0.hasPrefix("IoU 0.1818 ") })
        #expect(
            try lines("loss", "class", "--logits", "1,2,0", "--label", "1").last
                == "Loss: −log 0.6652 = 0.4076")
        #expect(
            try lines("loss", "mask", "--logits", "2,-1,0", "--targets", "1,0,0.5").last
                == "Loss: the mean of 3 cells, 0.3778")
        // ln 3136.
        #expect(try lines("loss", "keypoint", "--logit", "0").last?.hasPrefix("Loss: 8.0507;") == true)
    }

    @Test func stepsAndRates() throws {
        let steps = try lines("step", "--gradients", "0.2,0.2,-0.1")
        #expect(
            steps.suffix(3) == [
                "1 0.200 0.200000 0.996000", "2 0.200 0.380000 0.988400", "3 -0.100 0.242000 0.983560",
            ])
        // Halfway from a third of 0.02 to all of it.
        #expect(try lines("rate", "--configuration", "coco", "250").last == "250 0.0133300")
    }

    @Test func averagePrecisionOfFiveDetections() throws {
        let lines = try lines(
            "ap", "--objects", "4", "0.5:right", "0.8:wrong", "0.7:right", "0.6:wrong", "0.9:right")
        #expect(lines.contains("0.70 right 2 3 0.6667 0.5000 0.6667"))
        #expect(lines.contains("0.51 … 0.75: 25 × 0.6000"))
        #expect(lines.last == "AP: 57.6667 / 101 = 0.5710")
    }

    @Test func aTileByThreeAlgorithms() throws {
        // The default kernel on the upper left window: (0 − 4) + 2 (3 − 9) + (1 − 9).
        let lines = try lines("winograd")
        #expect(lines.filter { $0.hasPrefix("-24.000 -7.000") }.count == 3)
        #expect(lines.filter { $0.hasSuffix("below 0.0001") }.count == 2)
    }

    @Test func conventionsInPixels() throws {
        let lines = try lines("profiles", "--box", "100.3,80.6,260.8,300.4")
        #expect(lines.contains("picture resized to 800×1066 800×1067 800×1067"))
        // (128 / 255 − 0.485) / 0.229 and 128 − 103.53.
        #expect(lines.contains("a byte of 128 becomes 0.0741 24.4700 0.0741"))
        #expect(lines.contains("anchor, size 32, 1:2 ±23.00 ±11.00 ±22.63 ±11.31 ±22.63 ±11.31"))
        #expect(lines.last == "torchvision-v2: as torchvision")
    }

    @Test func thePapersGains() throws {
        // (32.1 − 21.6) / 21.6, and 1000 / 210.
        let lines = try lines("paper")
        #expect(lines.contains("stride 32 (2d), AP75 21.6 32.1 +10.5 +48.6 %"))
        #expect(lines.last == "195 ms + 15 ms = 210 ms a picture: 4.76 pictures a second")
    }

    @Test(arguments: [
        ["mask", "--logits", "1,2"], ["mask", "--logits", "1,2", "--class", "2"],
        ["mask", "--detection", "999"], ["mask", "--cell", "28,0"], ["mask", "--class", "1"],
        ["paste"], ["paste", "--box", "3,0,2,1"], ["paste", "--box", "0,0,2,2", "--mask", "1,0"],
        ["paste", "--box", "0,0,2,2", "--pixel", "320,0"], ["paste", "--detection", "-1"],
        ["keypoint", "--box", "0,0,9,9", "--place", "56,1"], ["oks", "--area", "0", "nose:1"],
        ["oks", "--area", "9", "chin:1"], ["oks", "--area", "9"], ["match", "--object", "0,0,1,1"],
        ["loss", "class", "--logits", "1,2", "--label", "2"],
        ["loss", "mask", "--logits", "1,2", "--targets", "1"], ["loss", "keypoint", "--logit", "nan"],
        ["step", "--gradients", "1,x"], ["step", "--gradients", "1", "--rate", "inf"], ["rate", "-1"],
        ["rate"], ["record", "nothing.jsonl"], ["record", "--rows", "1"],
        ["ap", "--objects", "0", "0.5:right"], ["ap", "--objects", "1", "0.5:maybe"],
        ["winograd", "--kernel", "1"], ["profiles", "--box", "0,0,641,10"],
    ])
    func badArgumentsAreOneLine(_ arguments: [String]) throws {
        let run = try Invocation(["calculate"] + arguments)
        #expect(run.status == 2, "\(arguments)")
        #expect(run.output.isEmpty)
        #expect(run.errors.split(separator: "\n").count == 1)
    }
}
