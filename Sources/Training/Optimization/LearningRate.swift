/// A learning rate schedule: a linear warm-up, then a constant rate that drops at given steps (Goyal et al., arXiv
/// 1706.02677; Mask R-CNN, section 3.1: divided by 10 after three quarters of training).
public struct LearningRate: Hashable, Codable, Sendable {
    /// The rate between warm-up and the first drop.
    public var base: Double
    /// Number of warm-up steps; 0 for none.
    public var warmUpSteps: Int
    /// The first step's rate, as a fraction of `base`.
    public var warmUpStart: Double
    /// The steps at which the rate drops.
    public var drops: [Int]
    /// The factor that the rate is multiplied by at each drop.
    public var dropFactor: Double

    /// A schedule of the given values.
    public init(
        base: Double, warmUpSteps: Int = 0, warmUpStart: Double = 0.001, drops: [Int] = [],
        dropFactor: Double = 0.1
    ) {
        self.base = base
        self.warmUpSteps = warmUpSteps
        self.warmUpStart = warmUpStart
        self.drops = drops
        self.dropFactor = dropFactor
    }

    /// The rate of a step, counted from 0.
    public subscript(step: Int) -> Double {
        var rate = base
        if step < warmUpSteps {
            rate *= warmUpStart + (1 - warmUpStart) * Double(step) / Double(warmUpSteps)
        }
        for drop in drops where step >= drop { rate *= dropFactor }
        return rate
    }
}
