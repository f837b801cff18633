import Figures
import MaskRCNN

extension Gallery {
    /// Figure 4: channels of c2 to c5.
    func backbone() throws -> Figure {
        BackboneFigure(
            maps: run.backboneStages.compactMap { stage in
                run.tensor(.backbone(stage)).map {
                    BackboneFigure.Map(name: Stage.backbone(stage).name, stride: 1 << stage, tensor: $0)
                }
            }, background: background
        ).figure
    }
}
