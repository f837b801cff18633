import Figures
import Geometry
import MaskRCNN
import Tensors

extension Gallery {
    /// Figure 21: of the detections whose class has keypoints, the largest that is likelier than not.
    func keypoints() throws -> Figure {
        guard run.model.network.keypoints != nil else {
            throw NothingToDraw("the model has no keypoint head")
        }
        let people = run.instances.filter {
            run.model.classes.hasKeypoints($0.label) && !($0.keypoints ?? []).isEmpty
        }
        let likely = people.filter { $0.score >= 0.5 }.max { $0.box.area < $1.box.area }
        guard let person = likely ?? people.first, let keypoints = person.keypoints,
            let heatmaps = run.tensor(.keypointHeatmaps), person.detection < heatmaps.shape[0]
        else { throw NothingToDraw("nothing that has keypoints was found in this picture") }
        let (height, width, count) = (heatmaps.shape[1], heatmaps.shape[2], heatmaps.shape[3])
        let own = heatmaps.withUnsafeElements { all in
            Tensor(
                shape: [height, width, count],
                elements: Array(
                    all[
                        person.detection * height * width * count..<(person.detection + 1) * height * width
                            * count]))
        }
        let names = count == PersonKeypoint.allCases.count ? PersonKeypoint.allCases.map(\.words) : []
        let detected = run.boxes(.detectionBoxes)
        let box = detected.indices.contains(person.detection) ? detected[person.detection] : person.box
        return KeypointsFigure(
            picture: run.image,
            person: DrawnInstance(
                box: person.box, classIndex: person.label,
                className: run.model.classes.name(of: person.label),
                score: Double(person.score), keypoints: keypoints),
            maps: keypoints.indices.map { index in
                KeypointsFigure.Map(
                    name: names.indices.contains(index) ? names[index] : "keypoint \(index + 1)",
                    logits: HeatMap(own, channel: index, isSigned: true), place: keypoints[index])
            },
            enlarged: keypointMapSize(of: box),
            scoreName: run.model.profile.output.keypointScore == .logit ? "logit" : "probability",
            subject: "For \(run.wording(person))", background: background
        ).figure
    }
}

extension PersonKeypoint {
    /// `left shoulder`.
    var words: String { name.split(separator: "_").joined(separator: " ") }
}
