import Drawing
import Foundation
import Geometry
import Tensors

/// A point in space. In the coordinates of an upright body, x is to its left, y down and z to the front; in the
/// viewer's, x is to the right, y down and z towards the viewer.
package struct SpacePoint {
    package var x: Double
    package var y: Double
    package var z: Double

    static func + (first: SpacePoint, second: SpacePoint) -> SpacePoint {
        SpacePoint(x: first.x + second.x, y: first.y + second.y, z: first.z + second.z)
    }

    static func * (point: SpacePoint, factor: Double) -> SpacePoint {
        SpacePoint(x: point.x * factor, y: point.y * factor, z: point.z * factor)
    }

    /// Rotated about the x axis: down turns to the front, front turns up.
    func pitched(by degrees: Double) -> SpacePoint {
        let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
        return SpacePoint(x: x, y: c * y - s * z, z: s * y + c * z)
    }

    /// Rotated about the vertical axis: front turns to the body's left, which is the viewer's right.
    func yawed(by degrees: Double) -> SpacePoint {
        let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
        return SpacePoint(x: c * x + s * z, y: y, z: c * z - s * x)
    }

    /// Rotated about the axis towards the viewer, clockwise.
    func rolled(by degrees: Double) -> SpacePoint {
        let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
        return SpacePoint(x: c * x - s * y, y: s * x + c * y, z: z)
    }

    /// The orthographic projection onto the image plane.
    var point: Point { Point(x: x, y: y) }
}

/// The lengths and widths of a body, as fractions of its height.
package struct Proportions {
    package var headRadius: Double
    package var shoulder: Double
    package var hip: Double
    package var torso: Double
    package var upperArm: Double
    package var forearm: Double
    package var thigh: Double
    package var shin: Double
    package var armWidth: Double
    package var legWidth: Double

    /// Random proportions, from child to adult and from slim to stout.
    package init(_ random: inout SeededGenerator) {
        let (youth, girth) = (random.number(in: 0...1), random.number(in: 0.95...1.3))
        func vary(_ value: Double) -> Double { value * random.number(in: 0.94...1.06) }
        headRadius = vary(0.078 + 0.024 * youth)
        shoulder = vary(0.108 * girth)
        hip = vary(0.062 * girth)
        torso = vary(0.29 - 0.02 * youth)
        upperArm = vary(0.165 - 0.015 * youth)
        forearm = vary(0.15 - 0.015 * youth)
        thigh = vary(0.235 - 0.02 * youth)
        shin = vary(0.225 - 0.02 * youth)
        armWidth = vary(0.068 * girth)
        legWidth = vary(0.094 * girth)
    }
}

/// The joints of a person in the viewer's coordinates, in pixels relative to the midpoint of the hips.
package struct PersonSkeleton {
    /// One position per keypoint, in the order of `PersonKeypoint`.
    package let joints: [SpacePoint]
    /// The centre of the head.
    package let head: SpacePoint
    /// The unit vector of the face's direction.
    package let gaze: SpacePoint
    /// The unit vector to the head's left.
    package let headLeft: SpacePoint
    /// The vectors from each ankle to the tip of the foot, left and right.
    package let toes: [SpacePoint]
    /// The vectors from each wrist to the finger tips, left and right.
    package let fingers: [SpacePoint]

    package subscript(keypoint: PersonKeypoint) -> SpacePoint { joints[keypoint.rawValue] }

    /// The skeleton of a body in a pose; `height` is in pixels, when standing upright.
    package init(_ pose: PersonPose, _ body: Proportions, height: Double) {
        func seen(_ point: SpacePoint) -> SpacePoint {
            (point * height).yawed(by: pose.yaw).pitched(by: -pose.pitch).rolled(by: pose.roll)
        }
        func leaned(_ point: SpacePoint) -> SpacePoint {
            point.rolled(by: pose.sideLean).pitched(by: -pose.lean)
        }
        var joints = [SpacePoint](
            repeating: SpacePoint(x: 0, y: 0, z: 0), count: PersonKeypoint.allCases.count)
        var toes: [SpacePoint] = [], fingers: [SpacePoint] = []
        for side in [1.0, -1] {
            // Left keypoints precede right ones.
            let offset = side > 0 ? 0 : 1
            let arm = side > 0 ? pose.arms.left : pose.arms.right
            let leg = side > 0 ? pose.legs.left : pose.legs.right
            let shoulder = SpacePoint(x: side * body.shoulder, y: -body.torso, z: 0)
            let elbow = shoulder + direction(arm.swing, arm.spread, side) * body.upperArm
            let lower = direction(arm.swing + arm.bend, arm.lowerSpread, side)
            let wrist = elbow + lower * body.forearm
            let hip = SpacePoint(x: side * body.hip, y: 0, z: 0)
            let knee = hip + direction(leg.swing, leg.spread, side) * body.thigh
            let shin = direction(leg.swing - leg.bend, leg.lowerSpread, side)
            let ankle = knee + shin * body.shin
            joints[PersonKeypoint.leftShoulder.rawValue + offset] = seen(leaned(shoulder))
            joints[PersonKeypoint.leftElbow.rawValue + offset] = seen(leaned(elbow))
            joints[PersonKeypoint.leftWrist.rawValue + offset] = seen(leaned(wrist))
            joints[PersonKeypoint.leftHip.rawValue + offset] = seen(hip)
            joints[PersonKeypoint.leftKnee.rawValue + offset] = seen(knee)
            joints[PersonKeypoint.leftAnkle.rawValue + offset] = seen(ankle)
            fingers.append(seen(leaned(wrist + lower * 0.045)))
            // Feet are flat, and follow the shin when it swings back.
            let bent = direction(0.6 * (leg.swing - leg.bend), 0, side)
            let toe = SpacePoint(x: 0.02 * side, y: 0.03 - bent.z * 0.03, z: 0.07 * max(bent.y, 0.3))
            toes.append(seen(ankle + toe))
        }
        // The head rotates on the neck.
        let neck = SpacePoint(x: 0, y: -body.torso - 0.035 - body.headRadius, z: 0.01)
        func turned(_ point: SpacePoint) -> SpacePoint {
            seen(leaned(neck + point.yawed(by: pose.headYaw)))
        }
        let r = body.headRadius
        joints[PersonKeypoint.nose.rawValue] = turned(SpacePoint(x: 0, y: 0.14 * r, z: 1.0 * r))
        joints[PersonKeypoint.leftEye.rawValue] = turned(SpacePoint(x: 0.36 * r, y: -0.14 * r, z: 0.86 * r))
        joints[PersonKeypoint.rightEye.rawValue] = turned(
            SpacePoint(x: -0.36 * r, y: -0.14 * r, z: 0.86 * r))
        joints[PersonKeypoint.leftEar.rawValue] = turned(SpacePoint(x: 0.98 * r, y: 0.02 * r, z: 0))
        joints[PersonKeypoint.rightEar.rawValue] = turned(SpacePoint(x: -0.98 * r, y: 0.02 * r, z: 0))
        head = turned(SpacePoint(x: 0, y: 0, z: 0))
        let unit = 1 / (r * height)
        gaze = (turned(SpacePoint(x: 0, y: 0, z: r)) + head * -1) * unit
        headLeft = (turned(SpacePoint(x: r, y: 0, z: 0)) + head * -1) * unit
        self.joints = joints
        self.toes = toes
        self.fingers = fingers
    }
}

/// The unit vector along a limb that is swung forward and spread to its side: downward if both are 0.
private func direction(_ swing: Double, _ spread: Double, _ side: Double) -> SpacePoint {
    let (swing, spread) = (swing * .pi / 180, spread * .pi / 180)
    return SpacePoint(x: side * sin(spread), y: cos(spread) * cos(swing), z: cos(spread) * sin(swing))
}
