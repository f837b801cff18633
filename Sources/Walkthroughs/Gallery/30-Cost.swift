import Figures
import MaskRCNN

extension Gallery {
    /// Figure 30: multiplications, memory and time of each step.
    func cost() throws -> Figure {
        let cost = Cost(run)
        let steps = PipelineStep.allCases.filter { run.seconds[$0] != nil }.map { step in
            CostFigure.Step(
                name: step.rawValue, part: step.part, multiplications: cost.multiplications[step] ?? 0,
                activationBytes: cost.activations[step] ?? 0,
                parameterBytes: 4 * (cost.parameters[step] ?? 0), seconds: run.seconds[step])
        }
        guard !steps.isEmpty else { throw NothingToDraw("the run has no steps") }
        let shape = run.shapeText(.inputTensor) ?? ""
        let proposals = run.tensor(.boxPooled)?.shape[0] ?? 0
        return CostFigure(
            steps: steps,
            subtitle:
                "For an input of \(shape), \(proposals) proposals and \(run.instances.count) detections.",
            background: background
        ).figure
    }
}
