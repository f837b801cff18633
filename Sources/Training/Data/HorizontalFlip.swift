import Geometry
import Tensors

extension Example {
    /// The example flipped horizontally: image, boxes, masks and keypoints. A coordinate x becomes width − x.
    ///
    /// - Parameter mirroredKeypoints: for each keypoint, the index of its mirror image: a person's left hand becomes
    ///   the right one. Objects with another number of keypoints are not persons; their keypoints keep their order.
    public func flippedHorizontally(mirroredKeypoints: [Int]) -> Example {
        let width = Float(image.width)
        return Example(
            image: image.flippedHorizontally(),
            objects: objects.map { object in
                var flipped = object
                flipped.box.x1 = width - object.box.x2
                flipped.box.x2 = width - object.box.x1
                flipped.mask = object.mask?.flippedHorizontally()
                if let keypoints = object.keypoints {
                    let order =
                        keypoints.count == mirroredKeypoints.count
                        ? mirroredKeypoints : Array(keypoints.indices)
                    flipped.keypoints = order.map { index in
                        var keypoint = keypoints[index]
                        // An unlabelled keypoint stays at (0, 0).
                        if keypoint.score > 0 { keypoint.x = width - keypoint.x }
                        return keypoint
                    }
                }
                return flipped
            })
    }
}

extension Image {
    fileprivate func flippedHorizontally() -> Image {
        var flipped = self
        for row in 0..<height {
            for column in 0..<width {
                let source = 3 * (row * width + column), destination = 3 * (row * width + width - 1 - column)
                for channel in 0..<3 { flipped.pixels[destination + channel] = pixels[source + channel] }
            }
        }
        return flipped
    }
}

extension InstanceMask {
    fileprivate func flippedHorizontally() -> InstanceMask {
        let mirrored = PixelRegion(
            x: imageSize.width - region.x - region.width, y: region.y, width: region.width,
            height: region.height)
        var flipped = bits
        for row in 0..<region.height {
            flipped[row * region.width..<(row + 1) * region.width].reverse()
        }
        return InstanceMask(imageSize: imageSize, region: mirrored, bits: flipped)
    }
}
