import COCO

/// The numbers of objects in a dataset that have targets for each head of a network.
public struct TargetCounts: Hashable, Sendable {
    /// The number of objects.
    package let objects: Int
    /// The number of objects with a mask.
    package let masks: Int
    /// The number of objects with labelled keypoints, by the number of keypoints per object.
    package let keypoints: [Int: Int]

    package init(_ annotations: some Sequence<Annotation>) {
        var objects = 0, masks = 0, keypoints: [Int: Int] = [:]
        for annotation in annotations {
            objects += 1
            if annotation.segmentation != nil { masks += 1 }
            if annotation.hasLabelledKeypoints {
                keypoints[annotation.keypoints?.count ?? 0, default: 0] += 1
            }
        }
        self.objects = objects
        self.masks = masks
        self.keypoints = keypoints
    }

    /// Checks that every head of the network has at least one target: without any, it would stay untrained, and its
    /// output would be meaningless.
    ///
    /// - Parameter trained: whether a part of the network, such as `mask`, starts from trained weights. Such a head
    ///   needs no targets.
    /// - Returns: remarks on objects that have no targets for a head.
    /// - Throws: ``TrainingError`` for an untrained mask head without targets, and if all objects have another number
    ///   of keypoints than the network.
    package func check(
        against configuration: TrainingConfiguration, isTrained trained: (String) -> Bool
    ) throws -> [String] {
        var remarks: [String] = []
        if configuration.network.masks != nil {
            if masks == 0 {
                guard trained("mask") else {
                    throw TrainingError(
                        "network.masks: none of the \(objects) objects has a segmentation, so the mask head would learn "
                            + "nothing; set network.masks to null, or start from weights with --weights")
                }
                remarks.append("no object has a segmentation: the mask head stays as it is")
            } else if masks < objects {
                remarks.append(
                    "\(objects - masks) of \(objects) objects have no segmentation to train the mask head")
            }
        }
        if let count = configuration.network.keypoints?.count {
            let others = keypoints.filter { $0.key != count }
            let numbers = others.keys.sorted().map(String.init).joined(separator: " or ")
            if keypoints[count] == nil {
                guard others.isEmpty else {
                    throw TrainingError(
                        "network.keypoints.count is \(count), but the objects have \(numbers) keypoints")
                }
                // Only a remark: boxes and masks can be trained without keypoints, which only persons have.
                remarks.append(
                    trained("keypoint")
                        ? "no object has labelled keypoints: the keypoint head stays as it is"
                        : "no object has labelled keypoints: the keypoint head learns nothing, and what it says of pictures "
                            + "will mean nothing; network.keypoints null leaves it out")
            } else if !others.isEmpty {
                remarks.append(
                    "\(others.values.reduce(0, +)) objects have \(numbers) keypoints in place of the network's \(count), and "
                        + "do not train the keypoint head")
            }
        }
        return remarks
    }
}
