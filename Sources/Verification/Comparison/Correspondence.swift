import Inference

/// Stages whose rows belong together and have the same order: boxes with their scores and classes.
package struct RowGroup: Hashable, Sendable {
    /// The selection from which the rows come.
    package let selection: RowSelection
    /// The stages, in the order of the table: boxes, scores, classes if there are any, and other columns.
    package let stages: [Stage]

    /// The group to which a stage belongs; nil if its rows are not selected.
    package init?(_ stage: Stage) {
        guard case .selected(let selection)? = stage.row?.rows else { return nil }
        self.selection = selection
        stages = stage.selectedTogether
    }

    private init(of selection: RowSelection, with stage: Stage) {
        self.selection = selection
        stages = stage.selectedTogether
    }

    /// The proposals of the region proposal network.
    package static let proposals = RowGroup(of: .proposals, with: .proposalBoxes)
    /// The detections of the box head.
    package static let detections = RowGroup(of: .detections, with: .detectionBoxes)
    /// The final detections, in coordinates of the image.
    package static let output = RowGroup(of: .output, with: .outputBoxes)

    /// The stage of the boxes.
    package var boxes: Stage { stages[0] }

    /// The stage of the scores.
    package var scores: Stage { stages[1] }

    /// The stage of the classes; nil if rows have none.
    package var classes: Stage? { stages.dropFirst(2).first }
}

/// How two versions of a stage correspond.
enum Correspondence: Hashable, Sendable {
    /// Element by element.
    case tensor
    /// Rows that are selected and ranked, so that one may be missing or have another index.
    case selected(RowGroup)
    /// One row for each row of a group.
    case following(RowGroup)
    /// One mask for each row of the output.
    case masks
    /// The keypoints of each row of the output.
    case keypoints
}

extension Stage {
    /// How two versions of the stage correspond: element by element if the contract has no such stage.
    var correspondence: Correspondence {
        switch row?.rows {
        case .selected: RowGroup(self).map { .selected($0) } ?? .tensor
        case .following(.output): row?.kind == .masks ? .masks : .keypoints
        case .following(.detections): .following(.detections)
        case .following(.proposals): .following(.proposals)
        case .following(.candidates), StageRows.none?, nil: .tensor
        }
    }
}
