import COCO

/// What the objects of a dataset have for the heads of a network to learn from.
public struct TargetCounts: Hashable, Sendable {
    /// How many objects there are.
    package let objects: Int
    /// How many of them have a mask.
    package let masks: Int
    /// How many of them have labelled keypoints, by the number of keypoints that they have.
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

    /// Checks whether a head of the network is without a single target: it would stay as it began, and what it says
    /// of pictures would mean nothing.
    ///
    /// - Parameter trained: whether a part of the network, such as `mask`, is trained already. Such a head may stay as it is.
    /// - Returns: remarks on objects that do not train a head.
    /// - Throws: ``TrainingError`` for a mask head without targets, and for another number of keypoints than the network
    ///   has.
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
                // Boxes and masks are worth training without it, and it answers for persons alone.
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
