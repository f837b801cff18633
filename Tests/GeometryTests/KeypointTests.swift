import Testing

import Geometry

@Suite struct KeypointTests {
    // The names and the skeleton as they stand in COCO's person_keypoints annotation files, one-based there.
    @Test func namesAndSkeletonAreCOCOs() {
        #expect(
            PersonKeypoint.allCases.map(\.name) == [
                "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
                "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
                "left_knee", "right_knee", "left_ankle", "right_ankle",
            ])
        let skeleton = [
            [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9],
            [8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
        ]
        #expect(PersonKeypoint.skeleton.map { [$0.0.rawValue + 1, $0.1.rawValue + 1] } == skeleton)
    }

    @Test func mirroringSwapsLeftAndRight() {
        for keypoint in PersonKeypoint.allCases {
            #expect(keypoint.mirrored.mirrored == keypoint)
            let swapped =
                keypoint.name.hasPrefix("left")
                ? "right" + keypoint.name.dropFirst(4)
                : keypoint.name.hasPrefix("right") ? "left" + keypoint.name.dropFirst(5) : keypoint.name
            #expect(keypoint.mirrored.name == swapped)
        }
    }
}
