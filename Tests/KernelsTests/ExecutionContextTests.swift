import Foundation
import Testing

import Execution
import Geometry
import Kernels
import Tensors

@Suite("Execution context")
struct ExecutionContextTests {
    /// Computes with 1, 2, 5 and as many threads as there are cores, and expects the same bits.
    private func expectSameBits(_ what: String, _ compute: () -> Tensor) {
        let alone = ExecutionContext.with(threads: 1) { compute().array.map(\.bitPattern) }
        for threads in [2, 5, nil] {
            let found = ExecutionContext.with(threads: threads) { compute().array.map(\.bitPattern) }
            #expect(found.count == alone.count)
            let differing = zip(found, alone).enumerated().first { $1.0 != $1.1 }?.offset
            #expect(differing == nil, "\(what), \(threads ?? 0) threads")
        }
    }

    @Test("convolutions do not depend on the number of threads", arguments: ConvolutionAlgorithm.allCases)
    func convolutions(algorithm: ConvolutionAlgorithm) {
        for (input, outputs, kernel, groups) in [
            ([2, 37, 41, 9], 10, 3, 1), ([1, 61, 59, 16], 9, 1, 1), ([1, 48, 49, 2], 1000, 3, 1),
            ([1, 13, 11, 12], 8, 3, 4),
        ] {
            expectSameBits("\(input) by \(algorithm)") {
                let layer = Convolution(
                    weight: pattern([outputs, input[3] / groups, kernel, kernel], seed: 2),
                    shift: pattern(outputs, seed: 4),
                    window: ConvolutionWindow(kernel: kernel, groups: groups), algorithm: algorithm)
                return layer(pattern(input, seed: 1), relu: true)
            }
        }
    }

    @Test("gradients do not depend on the number of threads", arguments: ConvolutionAlgorithm.allCases)
    func gradients(algorithm: ConvolutionAlgorithm) {
        for (input, outputs, kernel, stride, groups) in [
            ([2, 37, 41, 9], 10, 3, 1, 1), ([1, 61, 59, 16], 9, 1, 1, 1), ([1, 8, 10, 32], 70, 3, 1, 1),
            ([1, 33, 41, 12], 8, 3, 2, 4),
        ] {
            let layer = Convolution(
                weight: pattern([outputs, input[3] / groups, kernel, kernel], seed: 2),
                window: ConvolutionWindow(kernel: kernel, stride: stride, groups: groups),
                algorithm: algorithm)
            let x = pattern(input, seed: 1)
            let gradient = layer(x)
            expectSameBits("by the input, \(input)") { layer.inputGradient(gradient, inputShape: input) }
            expectSameBits("by the weight, \(input)") { layer.weightGradient(gradient, input: x) }
        }
        let dense = Dense(weight: pattern([300, 520], seed: 2), bias: nil)
        let (x, gradient) = (pattern([600, 520], seed: 1), pattern([600, 300], seed: 6))
        expectSameBits("dense, by the input") { dense.inputGradient(gradient, inputShape: x.shape) }
        expectSameBits("dense, by the weight") { dense.weightGradient(gradient, input: x) }
        expectSameBits("sum over positions") { summedOverPositions(gradient) }
    }

    /// Two pictures at a time, each with kernels inside, is how training runs.
    @Test("loops inside loops give the same bits, and keep the caller's context")
    func nestedLoops() {
        let layer = Convolution(
            weight: pattern([16, 16, 3, 3], seed: 2), window: ConvolutionWindow(kernel: 3))
        let inputs = (0..<4).map { pattern([30, 31, 16], seed: UInt64($0)) }
        for algorithm in ConvolutionAlgorithm.allCases {
            ExecutionContext.with(convolution: algorithm) {
                let expected = inputs.map { layer($0) }
                for threads in [1, 2, 5] {
                    let found = ExecutionContext.with(threads: threads) {
                        parallelMap(4) { index in
                            #expect(ExecutionContext.current.convolution == algorithm)
                            #expect(ExecutionContext.current.threads == threads)
                            return parallelMap(2) { _ in layer(inputs[index]) }
                        }
                    }
                    for index in 0..<4 {
                        for copy in found[index] {
                            expect(copy, equals: expected[index], "\(threads) threads")
                        }
                    }
                }
            }
        }
    }

    @Test("the other kernels do not depend on the number of threads")
    func otherKernels() {
        let maps = pattern([7, 9, 11, 12], seed: 1)
        let map = pattern([9, 11, 12], seed: 1)
        expectSameBits("transposed convolution") {
            TransposedConvolution(weight: pattern([12, 9, 4, 4], seed: 2), bias: nil, stride: 2, padding: 1)(
                maps)
        }
        expectSameBits("dense") {
            Dense(weight: pattern([300, 24], seed: 2), bias: pattern(300, seed: 3))(
                pattern([1100, 24], seed: 1))
        }
        expectSameBits("dense, reordered") {
            Dense(
                weight: pattern([30, 1188], seed: 2), bias: nil,
                flattening: MapSize(height: 9, width: 11, channels: 12))(maps)
        }
        expectSameBits("max pooling") {
            maxPooled(maps, window: ConvolutionWindow(kernel: 3, stride: 2))
        }
        expectSameBits("average") { averagedOverPositions(maps) }
        expectSameBits("nearest") { upsampledNearest(map, height: 18, width: 21) }
        expectSameBits("bilinear") { resizedBilinearly(maps, height: 20, width: 5) }
        expectSameBits("group norm") {
            GroupNorm(groups: 4, weight: pattern(12, seed: 2), bias: pattern(12, seed: 3))(maps)
        }
        expectSameBits("channels first") { channelsFirst(maps) }
        let regions = (0..<20).map {
            RegionOfInterest(box: Box(x1: Float($0), y1: 3, x2: Float($0) + 20, y2: 30))
        }
        let layers: [RoILayer] = [
            .align(RoIAlign(outputSize: 7, samplesPerAxis: nil)), .warp(RoIWarp(outputSize: 7)),
            .pool(RoIPool(outputSize: 7)),
        ]
        for layer in layers {
            expectSameBits("\(layer)") { layer([map], regions: regions, scales: [0.25]) }
        }
    }

    @Test("the pullbacks do not depend on the number of threads")
    func pullbacks() {
        let maps = pattern([3, 29, 31, 20], seed: 1)
        let gradient = pattern([3, 29, 31, 20], seed: 6)
        let norm = GroupNorm(groups: 5, weight: pattern(20, seed: 2), bias: pattern(20, seed: 3))
        expectSameBits("group norm, large") { norm(maps) }
        expectSameBits("group norm by its input") { norm.gradients(gradient, input: maps).input }
        expectSameBits("group norm by its weight") { norm.gradients(gradient, input: maps).weight }
        expectSameBits("group norm by its bias") { norm.gradients(gradient, input: maps).bias }
        for window in [ConvolutionWindow(kernel: 3, stride: 2), ConvolutionWindow(kernel: 3)] {
            let pooled = pattern(
                [3, window.outputLength(29), window.outputLength(31), 20], seed: 6)
            expectSameBits("max pooling") { maxPooledGradient(pooled, input: maps, window: window) }
        }
        expectSameBits("average") {
            averagedOverPositionsGradient(pattern([3, 20], seed: 6), inputShape: maps.shape)
        }
        expectSameBits("nearest") {
            upsampledNearestGradient(pattern([29, 31, 20], seed: 6), height: 14, width: 16)
        }
        expectSameBits("bilinear") { resizedBilinearlyGradient(gradient, inputShape: [3, 13, 17, 20]) }
        expectSameBits("softmax") { softmaxGradient(gradient, probabilities: maps) }

        let map = pattern([29, 31, 20], seed: 1)
        let regions = (0..<40).map {
            RegionOfInterest(box: Box(x1: Float($0), y1: 3, x2: Float($0) + 80, y2: 30 + Float($0)))
        }
        let layers: [RoILayer] = [
            .align(RoIAlign(outputSize: 7)), .warp(RoIWarp(outputSize: 7)),
            .align(RoIAlign(outputSize: 7, reduction: .maximum)), .pool(RoIPool(outputSize: 7)),
        ]
        for layer in layers {
            expectSameBits("\(layer)") {
                layer.gradient(
                    pattern([40, 7, 7, 20], seed: 6), maps: [map], regions: regions, scales: [0.25])[0]
            }
        }
    }

    @Test("results arrive in order, whatever the number of threads", arguments: [nil, 1, 2, 5])
    func order(threads: Int?) {
        ExecutionContext.with(threads: threads) {
            #expect(ExecutionContext.current.threads == threads)
            #expect(parallelMap(1000) { $0 * $0 } == (0..<1000).map { $0 * $0 })
            #expect(parallelMap(1000, inBlocksOf: 64) { $0 * $0 } == (0..<1000).map { $0 * $0 })
            #expect(parallelMap(3) { $0 } == [0, 1, 2])
            #expect(parallelMap(0) { $0 }.isEmpty)
        }
        #expect(ExecutionContext.current == ExecutionContext())
    }

    @Test("no more threads than allowed, and with one the caller's own", arguments: [1, 2, 3])
    func threadsUsed(threads: Int) {
        let caller = pthread_self()
        let used = ExecutionContext.with(threads: threads) {
            Set(
                parallelMap(40) { _ in
                    usleep(200)
                    return parallelMap(3) { _ in pthread_self() }
                }.joined())
        }
        #expect(used.count <= threads)
        if threads == 1 { #expect(used == [caller]) }
    }

    /// Each of two tasks at once sees its own settings only.
    @Test("contexts do not leak between tasks")
    func isolation() async {
        await withTaskGroup(of: Void.self) { group in
            for threads in 1...8 {
                group.addTask {
                    ExecutionContext.with(threads: threads, kernels: threads % 2 == 0 ? .direct : .optimized)
                    {
                        for _ in 0..<20 {
                            let seen = parallelMap(5) { _ in ExecutionContext.current }
                            #expect(seen.allSatisfy { $0.threads == threads })
                            #expect(seen.allSatisfy { ($0.kernels == .direct) == (threads % 2 == 0) })
                        }
                    }
                }
            }
        }
    }

    /// Work that is shared out in any other way would pass `--threads` by.
    @Test("only this room shares out work among threads")
    func oneDoor() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let sources = try #require(
            FileManager.default.enumerator(
                at: package.appending(path: "Sources"), includingPropertiesForKeys: nil))
        var doors: [String] = []
        for case let file as URL in sources where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            if text.contains("concurrentPerform") || text.contains("Thread(")
                || text.contains("withTaskGroup")
            {
                doors.append(file.lastPathComponent)
            }
        }
        #expect(doors == ["Parallel.swift"])
    }

    @Test("direct kernels are direct convolutions too, unless the context names another algorithm")
    func directKernels() {
        let layer = Convolution(
            weight: pattern([64, 64, 3, 3], seed: 2), window: ConvolutionWindow(kernel: 3))
        ExecutionContext.with(kernels: .direct) {
            #expect(layer.resolvedAlgorithm == .direct)
            ExecutionContext.with(convolution: .matrixProduct) {
                #expect(layer.resolvedAlgorithm == .matrixProduct)
                #expect(ExecutionContext.current.kernels == .direct)
            }
        }
    }

    @Test("an algorithm for every convolution that it fits and that names none")
    func forcedAlgorithm() {
        func layer(kernel: Int, stride: Int = 1, groups: Int = 1, _ own: ConvolutionAlgorithm? = nil)
            -> Convolution
        {
            Convolution(
                weight: pattern([64, 64 / groups, kernel, kernel], seed: 2),
                window: ConvolutionWindow(kernel: kernel, stride: stride, groups: groups), algorithm: own)
        }
        #expect(ExecutionContext.current.convolution == nil)
        for algorithm in ConvolutionAlgorithm.allCases {
            ExecutionContext.with(convolution: algorithm) {
                #expect(layer(kernel: 3).resolvedAlgorithm == algorithm)
                for own in ConvolutionAlgorithm.allCases {
                    #expect(layer(kernel: 3, own).resolvedAlgorithm == own)
                }
            }
        }
        // Winograd computes 3×3 windows of stride 1 in one group; the rest goes another way.
        for forced in [ConvolutionAlgorithm.winograd, nil] {
            for other in [layer(kernel: 1), layer(kernel: 3, stride: 2), layer(kernel: 3, groups: 2)] {
                #expect(!other.canUseWinograd)
                ExecutionContext.with(convolution: forced) {
                    #expect(other.resolvedAlgorithm != .winograd)
                }
            }
            #expect(layer(kernel: 3).canUseWinograd)
        }
        // And the forced one is the one that computes: the same bits.
        let input = pattern([6, 7, 64], seed: 1)
        for algorithm in ConvolutionAlgorithm.allCases {
            let forced = ExecutionContext.with(convolution: algorithm) { layer(kernel: 3)(input) }
            expect(forced, equals: layer(kernel: 3, algorithm)(input), "\(algorithm)")
        }
    }
}
