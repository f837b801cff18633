import Testing

import Training

@Suite struct LearningRateTests {
    private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * abs(b) }

    @Test("A linear warm-up, then the base, then drops")
    func schedule() {
        let rate = LearningRate(
            base: 0.02, warmUpSteps: 10, warmUpStart: 0.1, drops: [20, 30], dropFactor: 0.5)
        // From 0.002 at step 0 to 0.02 at step 10, by 0.0018 a step.
        for (step, expected) in [
            (0, 0.002), (1, 0.0038), (5, 0.011), (9, 0.0182), (10, 0.02), (19, 0.02), (20, 0.01), (29, 0.01),
            (30, 0.005), (1_000_000, 0.005),
        ] {
            #expect(isClose(rate[step], expected), "step \(step): \(rate[step])")
        }
    }

    @Test("Without warm-up and drops, the base throughout")
    func constant() {
        let rate = LearningRate(base: 0.5)
        #expect(rate[0] == 0.5 && rate[7] == 0.5)
    }

    @Test("A drop during the warm-up counts")
    func early() {
        let rate = LearningRate(base: 1, warmUpSteps: 4, warmUpStart: 0, drops: [2], dropFactor: 0.1)
        #expect(rate[0] == 0)
        #expect(isClose(rate[1], 0.25))
        #expect(isClose(rate[2], 0.05))
        #expect(isClose(rate[4], 0.1))
    }
}
