/// What scenes are made of: how many objects, how large, how crowded. The defaults are for learning with a small
/// network; what they lead to is measured in the tests.
///
/// Shares are probabilities from 0 to 1; what lies outside is moved to the nearer end.
package struct SceneDifficulty: Sendable, Equatable {
    /// The share of pictures without any object: 2 %.
    package var emptyShare = 0.02
    /// The share of pictures with a crowd, a dense group of tiny objects of one category: 3 %.
    package var crowdShare = 0.03
    /// The share of pictures in which two to five objects of one category overlap strongly: 30 %.
    package var clusterShare = 0.3
    /// The share of objects outside such clusters that keep apart from all painted before them: 85 %. The others go
    /// anywhere. 0 makes pictures that are full of overlaps.
    package var apartShare = 0.85
    /// The largest number of objects in a picture, crowds not counted: 8.
    package var largestObjectCount = 8
    /// The share of persons among the objects: 25 %. The others are equally frequent.
    package var personShare = 0.25
    /// The share of objects drawn with less than 32² pixels, other than rods, which are thin: 10 %. Occlusion
    /// adds some.
    package var smallShare = 0.1
    /// The share of these with a side of only 8 to 12 pixels: 8 %.
    package var tinyShare = 0.08
    /// The share of objects drawn with more than 96² pixels, other than rods and persons: 25 %.
    package var largeShare = 0.25
    /// How much of each object is seen at least: 60 % of its pixels.
    package var minimumVisibleShare = 0.6
    /// How many pixels of each object are seen at least: 45.
    package var minimumVisiblePixels = 45
    /// How far an object's colours are from those around it where that can be had, in OKLab, where black and
    /// white are 1 apart: 0.25.
    package var contrast = 0.25
    /// The strongest sensor noise: a standard deviation of 4 of 255 steps. Each picture has its own.
    package var strongestNoise = 4.0

    /// The defaults.
    package init() {}
}
