/// The learning rate over the course of training: a linear warm-up, then a constant that drops in steps
/// (Goyal et al., arXiv 1706.02677; Mask R-CNN, section 3.1: divided by 10 at three quarters).
public struct LearningRate: Hashable, Codable, Sendable {
    /// The rate between warm-up and the first drop.
    public var base: Double
    /// How many steps the warm-up takes; 0 for none.
    public var warmUpSteps: Int
    /// What the first step's rate is, as a share of `base`.
    public var warmUpStart: Double
    /// The steps at which the rate drops.
    public var drops: [Int]
    /// What it is multiplied with at each.
    public var dropFactor: Double

    /// A schedule.
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

    /// The rate of a step, counting from 0.
    public subscript(step: Int) -> Double {
        var rate = base
        if step < warmUpSteps {
            rate *= warmUpStart + (1 - warmUpStart) * Double(step) / Double(warmUpSteps)
        }
        for drop in drops where step >= drop { rate *= dropFactor }
        return rate
    }
}
