import Figures
import Geometry
import MaskRCNN

extension Gallery {
    /// Figure 6.
    func anchors() throws -> Figure {
        let (size, padded) = try run.inputSizes()
        let grids = try run.model.levelNames.enumerated().map { index, name in
            let shape = try run.recorded(.objectness(name)).shape
            return run.model.anchors(
                level: index, size: PixelSize(height: shape[0], width: shape[1]), padded: padded)
        }
        let levels = zip(run.model.levelNames, grids).enumerated().map { index, level in
            AnchorsFigure.Level(
                name: level.0, index: pyramidIndex(level.0), cells: level.1.size,
                verticalStride: level.1.verticalStride, horizontalStride: level.1.horizontalStride,
                shapes: level.1.shapes.boxes, sides: run.model.configuration.proposals.anchorSizes[index])
        }
        // Without objects the figure has less to say, but enough.
        let known = try? PictureObjects(run)
        let boxes = known.map { known in known.objects.map { known.resized($0.box, to: size) } } ?? []
        let objects = boxes.map { box in
            let overlaps = grids.map { grid in
                grid.reduce(Float(0)) { max($0, $1.overlap(with: box)) }
            }
            let best = overlaps.indices.dropFirst().reduce(0) { overlaps[$1] > overlaps[$0] ? $1 : $0 }
            return AnchorsFigure.Object(
                side: Double(box.area.squareRoot()), overlap: Double(overlaps[best]),
                level: levels[best].index)
        }
        return AnchorsFigure(
            ground: ground(size: size), levels: levels,
            aspectRatios: run.model.configuration.proposals.aspectRatios, objects: objects,
            objectsAre: known?.words ?? "", background: background
        ).figure
    }
}
