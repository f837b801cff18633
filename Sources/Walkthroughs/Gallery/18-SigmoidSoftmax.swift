import Figures
import MaskRCNN

extension Gallery {
    /// Figure 18: the example detection's mask logits, of its class and the three that compete most, through
    /// both of the pipeline's outputs.
    func sigmoidSoftmax() throws -> Figure {
        let maps = try MaskMaps(run)
        guard let example = run.example else { throw NothingToDraw("nothing was found in this picture") }
        guard maps.channels > 2 else {
            throw NothingToDraw("the model predicts one mask for all classes: there is nothing to compete")
        }
        let detection = example.detection
        let own = maps.probabilities(of: detection, channel: example.label, output: .sigmoid)
        let inside = own.indices.filter { own[$0] >= 0.5 }
        // The strongest rivals are those that take most where the object is.
        let rivals = (0..<maps.channels).filter { $0 != example.label }
            .map { label -> (label: Int, share: Float, softmax: [Float]) in
                let softmax = maps.probabilities(of: detection, channel: label, output: .softmax)
                let places = inside.isEmpty ? Array(softmax.indices) : inside
                return (label, places.reduce(0) { $0 + softmax[$1] }, softmax)
            }
            .sorted { ($1.share, $0.label) < ($0.share, $1.label) }
            .prefix(3)
        let shown = [example.label] + rivals.map(\.label)
        return SigmoidSoftmaxFigure(
            shown.map { label in
                SigmoidSoftmaxFigure.Class(
                    name: label == 0 ? "background" : run.model.classes.name(of: label),
                    logits: maps.logits(of: detection, channel: label),
                    sigmoid: maps.probabilities(of: detection, channel: label, output: .sigmoid),
                    softmax: maps.probabilities(of: detection, channel: label, output: .softmax))
            },
            side: maps.side, channelCount: maps.channels, subject: run.wording(example),
            background: background
        ).figure
    }
}
