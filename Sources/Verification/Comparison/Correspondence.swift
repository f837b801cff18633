import Inference

/// Rows that belong together: boxes with their scores and classes, in one order.
package struct RowGroup: Hashable, Sendable {
    package let selection: RowSelection
    /// The stages of the rows, in the order of the table: boxes, scores, classes where there are any, and what
    /// else is known of a row.
    package let stages: [Stage]

    /// The rows that a stage is selected with; nil if it is not one of selected rows.
    package init?(_ stage: Stage) {
        guard case .selected(let selection)? = stage.row?.rows else { return nil }
        self.selection = selection
        stages = stage.selectedTogether
    }

    private init(of selection: RowSelection, with stage: Stage) {
        self.selection = selection
        stages = stage.selectedTogether
    }

    package static let proposals = RowGroup(of: .proposals, with: .proposalBoxes)
    package static let detections = RowGroup(of: .detections, with: .detectionBoxes)
    package static let output = RowGroup(of: .output, with: .outputBoxes)

    /// The stage that holds the boxes.
    package var boxes: Stage { stages[0] }

    /// The stage that holds the scores.
    package var scores: Stage { stages[1] }

    /// The stage that holds the classes, where rows have any.
    package var classes: Stage? { stages.dropFirst(2).first }
}

/// How two versions of a stage correspond.
enum Correspondence: Hashable, Sendable {
    /// Element by element.
    case tensor
    /// Rows that are selected and ranked, so that one may be missing or stand elsewhere.
    case selected(RowGroup)
    /// A row for each row of a group.
    case following(RowGroup)
    /// A mask for each row of the output.
    case masks
    /// Keypoints for each row of the output.
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
