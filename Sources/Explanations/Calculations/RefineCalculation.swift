import Geometry
import Inference
import Tensors

/// From a proposal to a detection: class probabilities and the refined box, step by step.
package struct RefineCalculation {
    private let detection: Int
    private let proposal: Int?
    private let print: (String) -> Void

    /// A calculation for the given values; `print` receives its text line by line.
    package init(detection: Int, proposal: Int?, print: @escaping (String) -> Void) {
        self.detection = detection
        self.proposal = proposal
        self.print = print
    }

    package func run(on run: PictureRun) throws {
        let trace = try SelectionTrace(run)
        let index: Int
        if let proposal {
            index = try checked(proposal, below: trace.proposals.boxes.count, "proposal")
        } else {
            let detection = try checked(detection, below: trace.detections.boxes.count, "detection")
            index = trace.detections.proposals[detection]
        }
        guard let logits = run.tensor(.boxLogits) else {
            throw CalculationError("the model has no box head")
        }
        let classes = logits.shape[1]
        let row = (0..<classes).map { logits[index, $0] }
        let names = ["background"] + (1..<classes).map { run.model.classes.name(of: $0) }
        let label = (1..<classes).max { row[$0] < row[$1] } ?? 1
        let reference = trace.proposals.boxes[index]
        let delta = refinement(trace.refinements, proposal: index, label: label)
        var sheet = Worksheet()
        sheet.heading("proposal \(index): \(corners(reference, 2))")
        sheet.softmax(row, names: names)
        sheet.heading("refined as \(names[label]), by \(list(delta))")
        let coder = run.model.conventions.detections.coder
        sheet.decode(delta, from: reference, by: coder, clippedTo: trace.size)
        let box = coder.decode(delta, from: reference).clipped(to: trace.size)
        sheet.step("overlap with the proposal", short(box.overlap(with: reference)))
        if let place = trace.detections.proposals.indices.first(where: {
            trace.detections.proposals[$0] == index && trace.detections.classes[$0] == label
        }) {
            sheet.step("detections.boxes, row \(place)", corners(trace.detections.boxes[place]))
        }
        print(sheet.text)
    }
}
