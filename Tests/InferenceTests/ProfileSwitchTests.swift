import Geometry
import Inference
import Tensors
import TestSupport
import Testing

/// The conventions that only MMDetection or Matterport's Mask_RCNN have, each in the stage that reads it.
@Suite struct ProfileSwitchTests {
    @Test func profilesHaveTheirNames() {
        #expect(
            Profile.all.map(\.name) == [
                "torchvision", "torchvision-v2", "detectron2", "mmdetection", "matterport", "paper",
            ])
        for profile in Profile.all { #expect(Profile.named(profile.name) == profile) }
    }

    // MARK: Input

    // By hand: at least 800, unless the longer side would exceed 1024; never smaller because of the 800.
    @Test func matterportNeverShrinksForTheShorterSide() {
        func size(_ height: Int, _ width: Int) -> [Int] {
            let size = ResizeRule.matterport.targetSize(
                for: PixelSize(height: height, width: width), settings: Profile.matterport.settings.input)
            return [size.height, size.width]
        }
        #expect(size(480, 640) == [768, 1024])
        #expect(size(1080, 1920) == [576, 1024])
        #expect(size(900, 1000) == [900, 1000])
        #expect(size(100, 100) == [800, 800])
        #expect(size(1, 5000) == [1, 1024])
        // 1024 · 3 / 2048 = 1.5 and 1024 · 5 / 2048 = 2.5: ties go to the even one.
        #expect(size(3, 2048) == [2, 1024])
        #expect(size(5, 2048) == [2, 1024])
    }

    /// 30 + (37 x² + 23 y² + 11 x y + 50 c) mod 200, 4 × 5: its darkest byte is 30.
    private var picture: Image {
        var pixels: [UInt8] = []
        for y in 0..<4 {
            for x in 0..<5 {
                for c in 0..<3 {
                    pixels.append(UInt8(30 + (x * x * 37 + y * y * 23 + x * y * 11 + c * 50) % 200))
                }
            }
        }
        return Image(width: 5, height: 4, pixels: pixels)
    }

    // scikit-image 0.26: resize(picture, …, order=1, mode="constant", preserve_range=True, anti_aliasing=False)
    // .astype(uint8). Growing fades at the border, down to the darkest value.
    @Test func truncatedBytesAreScikitImages() {
        // swift-format-ignore
        let grown: [UInt8] = [
            30, 51, 82, 36, 75, 114, 58, 97, 126, 112, 151, 83, 136, 175, 57, 128, 168, 50, 154, 105, 75, 141, 45, 77,
            31, 71, 112, 56, 106, 156, 86, 131, 173, 158, 159, 120, 190, 169, 90, 183, 162, 83, 178, 124, 118, 141, 77,
            118, 41, 82, 122, 72, 122, 172, 106, 144, 193, 181, 104, 144, 218, 82, 118, 215, 79, 115, 149, 110, 153, 80,
            109, 149, 71, 111, 152, 110, 117, 167, 142, 92, 142, 159, 109, 159, 168, 118, 168, 169, 119, 169, 156, 106,
            156, 118, 77, 118, 94, 134, 175, 142, 110, 160, 171, 47, 97, 130, 122, 172, 111, 161, 211, 116, 166, 216,
            163, 108, 150, 161, 51, 80, 54, 95, 135, 96, 115, 165, 129, 112, 162, 92, 119, 169, 77, 127, 177, 86, 136,
            186, 137, 146, 124, 142, 125, 61, 30, 55, 87, 53, 92, 131, 81, 120, 159, 53, 93, 132, 44, 83, 123, 53, 92,
            131, 94, 134, 85, 102, 134, 38,
        ]
        #expect(picture.resizedTruncating(to: PixelSize(height: 7, width: 8)).pixels == grown)
        #expect(
            picture.resizedTruncating(to: PixelSize(height: 3, width: 2)).pixels == [
                62, 112, 162, 179, 162, 87, 127, 102, 152, 163, 113, 163, 102, 127, 177, 100, 141, 150,
            ])
        #expect(picture.resizedTruncating(to: PixelSize(height: 4, width: 5)) == picture)
    }

    // By hand: 2 × 3 pixels in a square of 4 (the maximum), one row above, none left ((4 − 3) / 2 is 0), and the
    // padding is black minus the mean.
    @Test func matterportsPictureLiesInTheMiddleOfASquare() {
        var conventions = Profile.matterport.conventions.input
        conventions.padMultiple = 4
        conventions.mean = [1, 2, 3]
        let input = NetworkInput(
            Image(width: 3, height: 2, pixels: [UInt8](repeating: 7, count: 18)), conventions: conventions,
            settings: Settings.Input(minimumSide: 2, maximumSide: 3))
        #expect(input.size == PixelSize(height: 2, width: 3))
        #expect(input.tensor.shape == [4, 4, 3])
        for row in 0..<4 {
            for column in 0..<4 {
                let isPicture = (1...2).contains(row) && column < 3
                let pixel = (0..<3).map { input.tensor[row, column, $0] }
                #expect(pixel == (isPicture ? [6, 5, 4] : [-1, -2, -3]), "\(row), \(column)")
            }
        }
        #expect(
            conventions.window(of: input.size, in: PixelSize(height: 4, width: 4))
                == PixelRegion(x: 0, y: 1, width: 3, height: 2))
    }

    // (value − mean) / deviation on the scale of bytes, red first.
    @Test func mmdetectionNormalisesBytes() {
        var conventions = Profile.mmdetection.conventions.input
        conventions.padMultiple = 1
        let input = NetworkInput(
            Image(width: 1, height: 1, pixels: [10, 20, 30]), conventions: conventions,
            settings: Settings.Input(minimumSide: 1, maximumSide: 1))
        expectClose(
            input.tensor.array, [-1.9466564, -1.6855743, -1.2815686], absolute: 1e-6, "normalised")
    }

    // MARK: Anchors

    // 32 / √½ = 45.25 is the height of a ratio of ½ where it means width over height.
    @Test func ratiosMayMeanWidthOverHeight() {
        let shapes = AnchorShapes(
            sizes: [32], aspectRatios: [0.5, 1, 2], conventions: Profile.matterport.conventions.anchors)
        expectClose(shapes.boxes.map(\.width), [22.627417, 32, 45.254834], absolute: 1e-5, "widths")
        expectClose(shapes.boxes.map(\.height), [45.254834, 32, 22.627417], absolute: 1e-5, "heights")
    }

    @Test func anchorsOfACentredPictureStartOutsideIt() {
        let grid = AnchorGrid(
            shapes: AnchorShapes(
                sizes: [8], aspectRatios: [1], conventions: Profile.matterport.conventions.anchors),
            size: PixelSize(height: 2, width: 2), nominalStride: 16, padded: PixelSize(height: 32, width: 32),
            window: PixelRegion(x: 5, y: 10, width: 22, height: 12),
            conventions: Profile.matterport.conventions.anchors)
        #expect(
            Array(grid) == [
                Box(x1: -9, y1: -14, x2: -1, y2: -6), Box(x1: 7, y1: -14, x2: 15, y2: -6),
                Box(x1: -9, y1: 2, x2: -1, y2: 10), Box(x1: 7, y1: 2, x2: 15, y2: 10),
            ])
    }

    // MARK: Proposals

    private func candidates(logits: [Float], deltas: [Float], count: Int, _ profile: Profile) -> Candidates {
        selectCandidates(
            objectness: Tensor(shape: [1, 1, logits.count], elements: logits),
            deltas: Tensor(shape: [1, 1, deltas.count], elements: deltas),
            anchors: logits.indices.map { Box(x1: 0, y1: 0, x2: Float($0 + 1) * 10, y2: 10) }, count: count,
            size: PixelSize(height: 500, width: 500), conventions: profile.conventions.proposals)
    }

    // In Float32 the sigmoid of 30 and of 40 is 1: the grid's order decides where probabilities rank.
    @Test func largeLogitsTieAsProbabilities() {
        let logits: [Float] = [3, 30, 40, 35], deltas = [Float](repeating: 0, count: 16)
        #expect(candidates(logits: logits, deltas: deltas, count: 3, .torchvision).anchors == [2, 3, 1])
        #expect(candidates(logits: logits, deltas: deltas, count: 3, .mmdetection).anchors == [1, 2, 3])
    }

    // log(1000 / 16): MMDetection holds shrinking back as well, Matterport (× 0.2) nothing.
    @Test func sizesAreHeldBackAsTheFrameworkDoes() {
        let deltas: [Float] = [0, 0, -9, 6]
        func size(_ profile: Profile) -> [Float] {
            var conventions = profile.conventions.proposals
            conventions.coder.centre = .cornerPlusHalf
            let box = conventions.coder.decode(
                BoxDelta(dx: deltas[0], dy: deltas[1], dw: deltas[2], dh: deltas[3]),
                from: Box(x1: 0, y1: 0, x2: 100, y2: 2))
            return [box.width, box.height]
        }
        expectClose(size(.mmdetection), [1.6, 125], absolute: 1e-3, "mmdetection")
        expectClose(size(.torchvision), [0.01234098, 125], absolute: 1e-3, "torchvision")
        // 100 e^−1.8 and 2 e^1.2.
        expectClose(size(.matterport), [16.529888, 6.640234], absolute: 1e-3, "matterport")
    }

    // The four best of two levels are 5, 4, 3 and 2.
    @Test func levelsMayCompeteForCandidates() {
        let levels = [
            Tensor(shape: [1, 2, 2], elements: [5, -1, 2, 1]),
            Tensor(shape: [1, 1, 3], elements: [3, 4, 0]),
        ]
        let conventions = Profile.matterport.conventions.proposals
        #expect(Profile.matterport.settings.proposals.preNMSTopN == 6000)
        #expect(candidateCounts(levels, preNMSTopN: 4, conventions: conventions) == [2, 2])
        #expect(candidateCounts(levels, preNMSTopN: 1, conventions: conventions) == [1, 0])
        #expect(
            candidateCounts(levels, preNMSTopN: 9, conventions: Profile.paper.conventions.proposals) == [
                9, 9,
            ])
    }

    @Test func levelsMaySuppressEachOther() {
        let big = Box(x1: 0, y1: 0, x2: 100, y2: 100), nearly = Box(x1: 0, y1: 0, x2: 100, y2: 99)
        let levels = [Candidates(boxes: [nearly], scores: [0.8]), Candidates(boxes: [big], scores: [0.9])]
        let settings = Settings.Proposals(postNMSTopN: 5)
        #expect(
            selectProposals(levels, settings: settings, conventions: Profile.matterport.conventions.proposals)
                .boxes == [big])
        #expect(
            selectProposals(
                levels, settings: settings, conventions: Profile.mmdetection.conventions.proposals
            ).boxes == [
                big, nearly,
            ])
    }

    // MARK: Pooling

    private func maps(_ profile: Profile, _ sizes: [Int], window: PixelRegion? = nil) -> PooledMaps<Tensor> {
        PooledMaps(
            sizes.map { side in
                Tensor(
                    shape: [side, side, 1], elements: (0..<side * side).map { Float($0 % side) })
            }, firstLevel: 2, size: PixelSize(height: 4 * sizes[0], width: 4 * sizes[0]), window: window,
            conventions: profile.conventions.pooling)
    }

    // Rounded at 224 / √2 = 158.39 and 224 · √2 = 316.78; cut down at 112, 224 and 448, with MMDetection's 10⁻⁶
    // before the logarithm (111.99999 / 56 + 10⁻⁶ is above 2, 111.9999 / 56 + 10⁻⁶ is not).
    @Test func levelsAreRoundedOrCutDown() {
        func levels(_ profile: Profile, _ sides: [Float]) -> [Int] {
            let maps = maps(profile, [256, 128, 64, 32])
            return sides.map { maps.level(of: Box(x1: 0, y1: 0, x2: $0, y2: $0)) }
        }
        let sides: [Float] = [20, 79, 80, 158, 159, 316, 317, 2000]
        #expect(levels(.matterport, sides) == [2, 2, 3, 3, 4, 4, 5, 5])
        #expect(levels(.mmdetection, sides) == [2, 2, 2, 3, 3, 4, 4, 5])
        #expect(levels(.mmdetection, [111.999, 111.99999, 112, 447.9, 448]) == [2, 3, 3, 4, 5])
    }

    // The last of 256 positions lies on the last of 1024 pixels.
    @Test func matterportsMapsReachFromCornerToCorner() {
        let scales = maps(.matterport, [256, 128, 64, 32]).scales
        expectClose(
            scales, [255 / 1023, 127 / 1023, 63 / 1023, 31 / 1023], absolute: 1e-8, "scales")
    }

    // The map holds its own columns. On four pixels a position, pixel 8 is position 2; a window that starts at
    // pixel 12 moves that to position 5.
    @Test func regionsOfACentredPictureAreReadInsideTheWindow() {
        var profile = Profile.paper
        profile.conventions.pooling.layer = .crop
        let box = Box(x1: 8, y1: 0, x2: 16, y2: 4)
        #expect(maps(profile, [16]).pooled([box], size: 2).array == [2, 4, 2, 4])
        let window = PixelRegion(x: 12, y: 0, width: 40, height: 64)
        #expect(maps(profile, [16], window: window).pooled([box], size: 2).array == [5, 7, 5, 7])
    }

    // MARK: Detections

    private func detections(_ probabilities: [[Float]], _ profile: Profile, threshold: Float) -> Detections {
        let classes = probabilities[0].count
        return selectDetections(
            probabilities: Tensor(
                shape: [probabilities.count, classes], elements: probabilities.flatMap { $0 }),
            deltas: Tensor(shape: [probabilities.count, classes * 4]),
            proposals: probabilities.indices.map {
                Box(x1: Float($0) * 20, y1: 0, x2: Float($0) * 20 + 10, y2: 10)
            },
            size: PixelSize(height: 100, width: 100),
            settings: Settings.Boxes(
                scoreThreshold: threshold, nmsThreshold: profile.settings.boxes.nmsThreshold),
            conventions: profile.conventions.detections)
    }

    @Test func matterportKeepsTheBestClassOfEachProposal() {
        let probabilities: [[Float]] = [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25], [0.125, 0.375, 0.5]]
        let best = detections(probabilities, .matterport, threshold: 0.125)
        #expect(best.proposals == [0, 2] && best.classes == [1, 2])
        let all = detections(probabilities, .mmdetection, threshold: 0.125)
        #expect(all.boxes.count == 6)
        // The threshold itself is enough for Matterport only.
        #expect(detections(probabilities, .matterport, threshold: 0.5).proposals == [0, 2])
        #expect(detections(probabilities, .mmdetection, threshold: 0.5).proposals == [])
    }

    @Test func thresholdsOfACheckpointAreTheFrameworks() throws {
        var source = RecordingParameters()
        _ = try Network(.narrow(), from: &source)
        for (profile, score, overlap) in [
            (Profile.torchvision, 0.05, 0.5), (.mmdetection, 0.05, 0.5), (.matterport, 0.7, 0.3),
        ] as [(Profile, Float, Double)] {
            var assumptions = profile.assumptions
            assumptions.groupNormGroups = 8
            let architecture = try Architecture(inferredFrom: source.shapes, assuming: assumptions)
            let boxes = Configuration(architecture, profile: profile).settings.boxes
            #expect(boxes.scoreThreshold == score && boxes.nmsThreshold == overlap, "\(profile.name)")
        }
    }

    // MARK: Output

    private func masks(_ profile: Profile, box: Box, values: [Float], size: PixelSize) -> [Instance] {
        makeInstances(
            Detections(boxes: [box], scores: [1], classes: [1], proposals: [0]),
            masks: Tensor(shape: [1, 4, 4], elements: values), keypoints: nil, resized: size, original: size,
            settings: profile.settings.masks, conventions: profile.conventions.output)
    }

    // scikit-image 0.26: resize(map, (9, 7), order=1, mode="constant") ≥ 0.5, on the box (2, 1, 9, 10).
    @Test func matterportsMasksAreResizedToTheRoundedBox() throws {
        let values: [Float] = [
            0.1, 0.4, 0.9, 0.2, 0.6, 0.8, 0.7, 0.3, 0.9, 1, 0.55, 0.45, 0.2, 0.75, 0.6, 0.05,
        ]
        let found = masks(
            .matterport, box: Box(x1: 2.4, y1: 0.6, x2: 8.5001, y2: 10.5), values: values,
            size: PixelSize(height: 12, width: 14))
        #expect(found.map(\.box) == [Box(x1: 2, y1: 1, x2: 9, y2: 10)])
        let expected = [
            "0000100", "0001100", "0011100", "0111100", "1111100", "1111100", "0111100", "0011100", "0010000",
        ]
        let bits = try #require(found[0].mask).expanded()
        for y in 0..<12 {
            let row = bits[y * 14..<(y + 1) * 14].map(String.init).joined()
            let inside = (1..<10).contains(y) ? expected[y - 1] : "0000000"
            #expect(row == "00\(inside)00000", "row \(y)")
        }
    }

    // scikit-image never goes below the map's own minimum, so a map that is all object fills its box.
    @Test func aFullMaskFillsItsBox() throws {
        let full = masks(
            .matterport, box: Box(x1: 1, y1: 2, x2: 7, y2: 8), values: [Float](repeating: 0.6, count: 16),
            size: PixelSize(height: 10, width: 10))
        #expect(try #require(full[0].mask).area == 36)
        let faded = masks(
            .mmdetection, box: Box(x1: 1, y1: 2, x2: 7, y2: 8), values: [Float](repeating: 0.6, count: 16),
            size: PixelSize(height: 10, width: 10))
        #expect(try #require(faded[0].mask).area < 36)
    }

    // An edge at 0.5 goes to 0, one at 1.5 to 2; what is then empty is dropped.
    @Test func matterportsBoxesAreWhole() {
        let size = PixelSize(height: 20, width: 20)
        let boxes = [Box(x1: 0.5, y1: 1.5, x2: 7.3, y2: 8.7), Box(x1: 3.6, y1: 3, x2: 4.4, y2: 9)]
        let found = makeInstances(
            Detections(boxes: boxes, scores: [1, 1], classes: [1, 1], proposals: [0, 1]), masks: nil,
            keypoints: nil, resized: size, original: size, settings: Settings.Masks(),
            conventions: Profile.matterport.conventions.output)
        #expect(found.map(\.box) == [Box(x1: 0, y1: 2, x2: 7, y2: 9)])
    }
}
