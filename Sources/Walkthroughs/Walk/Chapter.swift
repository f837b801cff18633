import Inference

/// A page of the walkthroughs, and the part of the pipeline that it is about.
package struct Chapter: Sendable, Equatable {
    /// The page's file name without `.md`: `05-rpn`.
    package let page: String
    /// What the page is called on the command line: `rpn`.
    package var name: String { String(page.drop { $0.isNumber }.dropFirst()) }
    /// The page's number: 5.
    package var number: Int { Int(page.prefix { $0.isNumber }) ?? 0 }

    /// The steps of the pipeline whose time is the chapter's.
    package var steps: [PipelineStep] { PipelineStep.allCases.filter { $0.page == page } }

    package func contains(_ stage: Stage) -> Bool { stage.row?.page == page }

    /// Whether it tells of stages whose names begin so.
    func tells(of prefix: String) -> Bool {
        StageTable.rows.contains { $0.page == page && $0.family.rawValue.hasPrefix(prefix) }
    }

    /// All pages, in order: those about stages, as the table of stages has them, then those about the pipeline as
    /// a whole.
    package static let all =
        (Set(StageTable.rows.map(\.page)).sorted() + [
            "13-losses", "14-training", "15-evaluation", "16-convolution", "17-conventions", "18-checking",
            "19-claims",
        ]).map(Chapter.init)

    /// Why a model has nothing for a chapter to show; nil if it has.
    package func absence(in model: Model, found: Int) -> String? {
        let architecture = model.architecture
        let map = model.levelNames.first ?? ""
        if name == "pyramid" {
            if case .pyramid = architecture.features { return nil }
            return "This model has no feature pyramid: its heads read the single map \(map)."
        }
        switch name {
        case "mask-head" where architecture.masks == nil: return "This model predicts no masks."
        case "keypoints" where architecture.keypoints == nil: return "This model predicts no keypoints."
        case "detections" where found == 0, "mask-head" where found == 0, "pasting" where found == 0,
            "keypoints" where found == 0:
            return "Nothing was found in this picture, so these tensors have no rows."
        default: return nil
        }
    }
}
