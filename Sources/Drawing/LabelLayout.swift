/// Where the labels of boxes go.
///
/// 1. Labels are placed one after the other, in the order given, the most important one first.
/// 2. For each, places that touch its box are tried: above, inside below the top edge, below, inside above the
///    bottom edge, beside it, and further down inside. A place that reaches beyond the frame is moved in. The
///    first one that covers no label placed before, and no small object, is taken.
/// 3. If all of them do, places around the box are tried, further and further away; a line has to tie such a
///    label to its box.
/// 4. If those are taken too, both are tried again without regard to small objects.
/// 5. At last the touching place that covers least of other labels is taken, if that is little; else the label
///    is left out, since it would hide two labels, not show one. It is also left out once labels cover so much
///    of the frame that more would hide what they are about.
package struct LabelLayout {
    /// A label's place.
    package struct Placement: Equatable {
        package let plate: Rectangle
        /// Whether the place touches the box that the label belongs to.
        package let isAttached: Bool
    }

    /// What labels must not leave.
    package let frame: Rectangle
    /// Boxes of objects that a label could hide.
    package let smallBoxes: [Rectangle]
    private var placed: [Rectangle] = []

    /// How much of a label may lie on others.
    private static let coverLimit = 0.15
    /// How much of the frame labels may take.
    private static let frameLimit = 0.3

    package init(frame: Rectangle, smallBoxes: [Rectangle] = []) {
        self.frame = frame
        self.smallBoxes = smallBoxes
    }

    /// The place for a label of the given size at a box that reaches into the frame; `nil` if there is none.
    package mutating func place(width: Double, height: Double, at box: Rectangle) -> Placement? {
        let taken = placed.reduce(0) { $0 + $1.area }
        // The first label has its place even in a frame that it fills.
        let isFull = !placed.isEmpty && taken + width * height > Self.frameLimit * frame.area
        guard width <= frame.width, height <= frame.height, !isFull else { return nil }
        let visible = box.intersection(frame)
        func fitting(_ corner: Point) -> Rectangle {
            Rectangle(x: corner.x, y: corner.y, width: width, height: height).moved(into: frame)
        }
        func covered(_ plate: Rectangle) -> Double {
            placed.reduce(0) { $0 + $1.intersection(plate).area }
        }

        let touching = Self.touchingCorners(of: visible, width: width, height: height).map(fitting)
        let around = Self.corners(around: visible, width: width, height: height).map(fitting)
        let free = (touching + around).filter { covered($0) == 0 }
        let best = free.first { plate in smallBoxes.allSatisfy { $0.intersection(plate).area == 0 } }
        let leastCovering = touching.min { covered($0) < covered($1) }
        guard let plate = best ?? free.first ?? leastCovering, covered(plate) <= Self.coverLimit * plate.area
        else {
            return nil
        }
        placed.append(plate)
        let common = plate.intersection(visible)
        return Placement(plate: plate, isAttached: common.width >= 0 && common.height >= 0)
    }

    /// The top left corners of the places that touch a box, best first.
    private static func touchingCorners(of box: Rectangle, width: Double, height: Double) -> [Point] {
        let (left, right) = (box.x, box.maxX - width)
        var corners: [Point] = []
        for y in [box.y - height, box.y, box.maxY, box.maxY - height] {
            corners.append(Point(x: left, y: y))
            corners.append(Point(x: right, y: y))
        }
        for y in [box.y, box.maxY - height] {
            corners.append(Point(x: box.maxX, y: y))
            corners.append(Point(x: box.x - width, y: y))
        }
        for step in 1..<8 where Double(step + 1) * height < box.height {
            corners.append(Point(x: left, y: box.y + Double(step) * height))
            corners.append(Point(x: right, y: box.y + Double(step) * height))
        }
        return corners
    }

    /// The top left corners of places in rings around a box, near ones first.
    private static func corners(around box: Rectangle, width: Double, height: Double) -> [Point] {
        let (middleX, middleY) = (box.x + (box.width - width) / 2, box.y + (box.height - height) / 2)
        return (1...3).flatMap { ring in
            let gap = 0.8 * Double(ring) * height
            let (left, right) = (box.x - width - gap, box.maxX + gap)
            let (above, below) = (box.y - height - gap, box.maxY + gap)
            return [
                (middleX, above), (right, above), (left, above), (right, middleY), (left, middleY),
                (middleX, below),
                (right, below), (left, below),
            ].map { Point(x: $0.0, y: $0.1) }
        }
    }
}
