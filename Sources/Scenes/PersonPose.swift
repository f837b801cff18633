import Foundation
import Tensors

/// The posture and orientation of a person. Angles are in degrees.
package struct PersonPose {
    /// The angles of one arm or leg; it hangs straight down if all are 0.
    package struct Limb {
        /// Forward swing from hanging down; 180 is straight up.
        package var swing = 0.0
        /// Angle away from the body, to the limb's own side.
        package var spread = 0.0
        /// Bend of the elbow or knee: forearms bend forward, shins backward.
        package var bend = 0.0
        /// Angle of the forearm or shin away from the body.
        package var lowerSpread = 0.0
    }

    /// Rotation about the vertical axis: 0 faces the viewer, 90 the right edge of the image, 180 away from the viewer.
    package var yaw = 0.0
    /// Rotation of the whole body in the image plane, clockwise.
    package var roll = 0.0
    /// The downward angle of the viewer's line of sight.
    package var pitch = 0.0
    /// Forward lean of the upper body.
    package var lean = 0.0
    /// Lean of the upper body to its left.
    package var sideLean = 0.0
    /// Rotation of the head relative to the body, to its left.
    package var headYaw = 0.0
    /// The left and the right arm.
    package var arms = (left: Limb(), right: Limb())
    /// The left and the right leg.
    package var legs = (left: Limb(), right: Limb())

    /// Standing upright, facing the viewer.
    package init() {}
}

extension PersonPose {
    private enum Activity: CaseIterable {
        case standing, walking, running, armsUp, waving, sitting, leaning, handsOnHips, jumping, pointing
    }

    /// A random everyday pose, seen from any side, mostly the front.
    package init(_ random: inout SeededGenerator) {
        yaw = random.chance(0.7) ? random.number(in: -50...50) : random.number(in: -180...180)
        roll = random.number(in: -9...9)
        pitch = random.number(in: 0...14)
        headYaw = random.number(in: -35...35)
        lean = random.number(in: -4...8)
        sideLean = random.number(in: -5...5)
        legs = (Self.standingLeg(&random), Self.standingLeg(&random))
        arms = (Self.hangingArm(&random), Self.hangingArm(&random))
        // Whether the left or the right limb performs a one-sided activity.
        let isLeft = random.chance(0.5)
        switch random.element(of: Activity.allCases) {
        case .standing: break
        case .walking: stride(by: random.number(in: 14...30), bend: 10...30, &random)
        case .running:
            stride(by: random.number(in: 30...52), bend: 35...95, &random)
            lean = random.number(in: 6...18)
            arms.left.bend = random.number(in: 60...100)
            arms.right.bend = random.number(in: 60...100)
        case .armsUp: arms = (Self.raisedArm(&random), Self.raisedArm(&random))
        case .waving:
            let arm = Limb(
                spread: random.number(in: 70...120), lowerSpread: random.number(in: 140...200))
            if isLeft { arms.left = arm } else { arms.right = arm }
        case .sitting:
            legs = (Self.sittingLeg(&random), Self.sittingLeg(&random))
            arms.left = Limb(swing: random.number(in: 10...35), spread: 8, bend: random.number(in: 20...70))
            arms.right = Limb(swing: random.number(in: 10...35), spread: 8, bend: random.number(in: 20...70))
        case .leaning:
            if random.chance(0.5) {
                lean = random.number(in: 20...50)
                arms.left.swing += lean
                arms.right.swing += lean
            } else {
                sideLean = random.sign() * random.number(in: 12...26)
            }
        case .handsOnHips:
            let arm = Limb(
                swing: -6, spread: random.number(in: 38...52), bend: 12,
                lowerSpread: random.number(in: -58 ... -40))
            if random.chance(0.6) {
                arms = (arm, arm)
            } else if isLeft {
                arms.left = arm
            } else {
                arms.right = arm
            }
        case .jumping:
            let (spread, legSpread) = (random.number(in: 70...150), random.number(in: 18...38))
            arms = (Self.star(spread, &random), Self.star(spread, &random))
            legs = (Self.star(legSpread, &random), Self.star(legSpread, &random))
        case .pointing:
            let arm = Limb(
                swing: random.number(in: 60...100), spread: random.number(in: 0...40),
                bend: random.number(in: 0...25), lowerSpread: random.number(in: 0...40))
            if isLeft { arms.left = arm } else { arms.right = arm }
        }
    }

    /// One leg forward and one back, with the arms swung the opposite way.
    private mutating func stride(
        by angle: Double, bend: ClosedRange<Double>, _ random: inout SeededGenerator
    ) {
        let forward = random.sign() * angle
        legs.left = Limb(swing: forward, spread: 2, bend: forward > 0 ? 8 : random.number(in: bend))
        legs.right = Limb(swing: -forward, spread: 2, bend: forward < 0 ? 8 : random.number(in: bend))
        arms.left = Limb(swing: -forward * 0.9, spread: 8, bend: random.number(in: 5...40), lowerSpread: 4)
        arms.right = Limb(swing: forward * 0.9, spread: 8, bend: random.number(in: 5...40), lowerSpread: 4)
    }

    private static func standingLeg(_ random: inout SeededGenerator) -> Limb {
        let spread = random.number(in: 1...13)
        return Limb(
            swing: random.number(in: -4...8), spread: spread, bend: random.number(in: 0...10),
            lowerSpread: spread - random.number(in: 0...5))
    }

    private static func sittingLeg(_ random: inout SeededGenerator) -> Limb {
        let spread = random.number(in: 4...22)
        return Limb(
            swing: random.number(in: 68...92), spread: spread, bend: random.number(in: 65...100),
            lowerSpread: random.number(in: 0...8))
    }

    private static func hangingArm(_ random: inout SeededGenerator) -> Limb {
        let spread = random.number(in: 6...24)
        return Limb(
            swing: random.number(in: -12...14), spread: spread, bend: random.number(in: 4...35),
            lowerSpread: spread - random.number(in: 2...16))
    }

    private static func raisedArm(_ random: inout SeededGenerator) -> Limb {
        let spread = random.number(in: 125...172)
        return Limb(spread: spread, bend: 0, lowerSpread: spread + random.number(in: -10...25))
    }

    private static func star(_ spread: Double, _ random: inout SeededGenerator) -> Limb {
        let spread = spread + random.number(in: -8...8)
        return Limb(spread: spread, lowerSpread: spread + random.number(in: -15...10))
    }
}
