import ArgumentParser

struct CalculateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calculate",
        abstract: "Work one step of one stage, number by number, as the pages do by hand.",
        discussion: "The numbers come from the functions that the pipeline itself runs.",
        subcommands: [
            CalculateResize.self, CalculatePixel.self, CalculateBottleneck.self,
            CalculateConvolutionCell.self,
            CalculateFusion.self, CalculateAnchors.self, CalculateCoverage.self,
            CalculateObjectness.self, CalculateOverlap.self, CalculateDecode.self,
            CalculateSuppress.self, CalculateLevel.self, CalculateRoI.self, CalculateRuler.self,
            CalculateSoftmax.self,
            CalculateRefine.self, CalculateSelection.self, CalculateWithout.self,
            CalculateMask.self,
            CalculatePaste.self,
            CalculateKeypoint.self,
            CalculateMatch.self,
            CalculateLoss.self,
            CalculateStep.self,
            CalculateRate.self,
            CalculateRecord.self,
            CalculateAP.self,
            CalculateOKS.self,
            CalculateWinograd.self,
            CalculateProfiles.self,
            CalculatePaper.self,
        ])
}
