import Inference

/// A page of the walkthroughs, and the part of the pipeline that it is about.
package struct Chapter: Sendable, Equatable {
    /// The page's file name without `.md`: `05-rpn`.
    package let page: String
    /// Patterns of its stages' names, in which `*` stands for anything.
    package let stages: [String]
    /// The steps of the pipeline whose time is the chapter's.
    package let steps: [PipelineStep]

    /// What the page is called on the command line: `rpn`.
    package var name: String { String(page.drop { $0.isNumber }.dropFirst()) }
    /// The page's number: 5.
    package var number: Int { Int(page.prefix { $0.isNumber }) ?? 0 }

    package func contains(_ stage: Stage) -> Bool { stages.contains { stage.matches($0) } }

    /// All pages, in the order in which data flows; those without stages are about the pipeline as a whole.
    package static let all = [
        Chapter(page: "01-input", stages: ["input.*"], steps: [.input]),
        Chapter(page: "02-backbone", stages: ["backbone.*"], steps: [.backbone]),
        Chapter(page: "03-pyramid", stages: ["fpn.*"], steps: [.pyramid]),
        Chapter(page: "04-anchors", stages: ["anchors.*"], steps: []),
        Chapter(page: "05-rpn", stages: ["rpn.hidden.*", "rpn.objectness.*", "rpn.deltas.*"], steps: [.rpn]),
        Chapter(page: "06-proposals", stages: ["rpn.candidates.*", "rpn.proposals.*"], steps: [.proposals]),
        Chapter(page: "07-roi-layers", stages: ["box.level", "box.pooled"], steps: []),
        Chapter(
            page: "08-box-head",
            stages: [
                "box.convolution.*", "box.c5", "box.hidden.*", "box.logits", "box.probabilities",
                "box.deltas",
            ], steps: [.boxes]),
        Chapter(page: "09-detections", stages: ["detections.*"], steps: [.detections]),
        Chapter(page: "10-mask-head", stages: ["mask.*"], steps: [.masks]),
        Chapter(
            page: "11-pasting", stages: ["output.boxes", "output.scores", "output.classes", "output.masks"],
            steps: [.output]),
        Chapter(page: "12-keypoints", stages: ["keypoint.*", "output.keypoints"], steps: [.keypoints]),
        Chapter(page: "13-losses", stages: [], steps: []),
        Chapter(page: "14-training", stages: [], steps: []),
        Chapter(page: "15-evaluation", stages: [], steps: []),
        Chapter(page: "16-convolution", stages: [], steps: []),
        Chapter(page: "17-conventions", stages: [], steps: []),
        Chapter(page: "18-checking", stages: [], steps: []),
        Chapter(page: "19-claims", stages: [], steps: []),
    ]

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

/// What somebody asks to see: a page, or stages.
package struct Destination: Equatable {
    /// Which of the chapters, as indices.
    package let chapters: [Int]
    /// If stages were asked for, what their names begin with.
    package let prefix: String?

    /// Finds a page by its number (`5`), file name (`05-rpn`), name (`rpn`) or the name's beginning (`roi`), or
    /// the stages whose names begin so (`fpn.p3`, `mask`). Nil if there is nothing of the kind.
    /// - Parameter stages: those that the model at hand has.
    package init?(_ text: String, stages: [Stage]) {
        let all = Chapter.all
        let text = text.lowercased()
        if let page = all.firstIndex(where: { $0.page == text || $0.name == text || "\($0.number)" == text })
            ?? (text.hasPrefix("0") ? all.firstIndex { $0.page.hasPrefix(text + "-") } : nil)
        {
            (chapters, prefix) = ([page], nil)
            return
        }
        let named = stages.filter { $0.name.hasPrefix(text) }
        if !text.isEmpty && !named.isEmpty {
            chapters = all.indices.filter { index in named.contains { all[index].contains($0) } }
            prefix = text
            return
        }
        // A part that this model lacks, such as keypoint.heatmaps, is still told about.
        let beginning = String(text.prefix { $0 != "." })
        let isKnown = stages.contains { $0.name.hasPrefix(beginning + ".") }
        if let page = all.firstIndex(where: { chapter in
            !beginning.isEmpty
                && (chapter.name.hasPrefix(text)
                    || !isKnown && chapter.stages.contains { $0.hasPrefix(beginning + ".") })
        }) {
            (chapters, prefix) = ([page], nil)
            return
        }
        return nil
    }
}
