import Foundation
import Scenes
import Tensors

extension ModelOptions {
    /// Says so when the model that ships, which has only seen drawn scenes, is to look at a picture unlike them.
    /// - Parameter path: the picture's file; nil for the scene that ships.
    func remark(on picture: Image, at path: String?) {
        guard weights == nil, randomWeights == nil, let path else { return }
        let likeness = SceneLikeness(picture)
        guard !likeness.isLikely else { return }
        let (share, limit) = (Int(100 * likeness.photographicShare), Int(100 * SceneLikeness.limit))
        say(
            "! \(path): unlike the drawn scenes that the shipped model was trained on: in \(share) % of its blocks the "
                + "fine detail is that of a photograph, in a scene nearly always in less than \(limit) %. What it finds here "
                + "means little; real pictures need other --weights")
    }
}
