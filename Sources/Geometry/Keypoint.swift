/// One keypoint of an object in continuous image coordinates, with its score.
public struct Keypoint: Hashable, Sendable {
    /// Distance from the image's left edge, in pixels.
    public var x: Float
    /// Distance from the image's upper edge, in pixels.
    public var y: Float
    /// For a detection, its score (a logit or a probability, depending on the profile); for an annotation,
    /// COCO's visibility (0 not labelled, 1 labelled but hidden, 2 visible).
    public var score: Float

    /// A keypoint at (`x`, `y`) with a score or visibility.
    public init(x: Float, y: Float, score: Float) {
        self.x = x
        self.y = y
        self.score = score
    }
}

/// The 17 keypoints of a person in COCO; the raw value is the channel of the keypoint head.
///
/// Left and right are the person's: when someone faces the camera, the left eye is on the right of the image.
public enum PersonKeypoint: Int, CaseIterable, Sendable {
    // Pairs are adjacent, left before right: `mirrored` relies on it.
    case nose
    case leftEye, rightEye
    case leftEar, rightEar
    case leftShoulder, rightShoulder
    case leftElbow, rightElbow
    case leftWrist, rightWrist
    case leftHip, rightHip
    case leftKnee, rightKnee
    case leftAnkle, rightAnkle

    /// The keypoint's name in COCO's annotation files: `nose`, `left_eye`, …
    public var name: String { Self.names[rawValue] }

    private static let names = [
        "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
        "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
        "right_knee", "left_ankle", "right_ankle",
    ]

    /// The same point on the other side of the body: what this channel shows after the image is flipped
    /// horizontally. The nose is its own mirror image.
    public var mirrored: PersonKeypoint {
        if self == .nose { return self }
        let isLeft = rawValue % 2 == 1
        return Self.allCases[isLeft ? rawValue + 1 : rawValue - 1]
    }

    /// The 19 lines with which a person is drawn, in COCO's order: legs, hips, torso, shoulders, arms, face,
    /// ears to shoulders.
    public static let skeleton: [(PersonKeypoint, PersonKeypoint)] = [
        (.leftAnkle, .leftKnee), (.leftKnee, .leftHip),
        (.rightAnkle, .rightKnee), (.rightKnee, .rightHip), (.leftHip, .rightHip),
        (.leftShoulder, .leftHip), (.rightShoulder, .rightHip), (.leftShoulder, .rightShoulder),
        (.leftShoulder, .leftElbow), (.rightShoulder, .rightElbow),
        (.leftElbow, .leftWrist), (.rightElbow, .rightWrist),
        (.leftEye, .rightEye), (.nose, .leftEye), (.nose, .rightEye),
        (.leftEye, .leftEar), (.rightEye, .rightEar),
        (.leftEar, .leftShoulder), (.rightEar, .rightShoulder),
    ]
}
