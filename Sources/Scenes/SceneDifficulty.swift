/// The statistics of scenes: how many objects, how large, how crowded. The defaults suit the training of a small
/// network; tests measure the resulting statistics.
///
/// Shares are probabilities; values outside 0 to 1 are clamped.
package struct SceneDifficulty: Sendable, Equatable {
    /// The share of images without any object: 2 %.
    package var emptyShare = 0.02
    /// The share of images with a crowd, a dense group of tiny objects of one category: 3 %.
    package var crowdShare = 0.03
    /// The share of images in which two to five objects of one category overlap strongly: 30 %.
    package var clusterShare = 0.3
    /// The share of objects outside such clusters that are placed apart from all objects painted before: 85 %. The
    /// others are placed anywhere. With 0, images are full of overlaps.
    package var apartShare = 0.85
    /// The largest number of objects in an image, not counting crowds: 8.
    package var largestObjectCount = 8
    /// The share of persons among the objects: 25 %. The other categories are equally frequent.
    package var personShare = 0.25
    /// The share of objects drawn with less than 32² pixels, other than rods, which are thin: 10 %. Occlusion
    /// adds some.
    package var smallShare = 0.1
    /// The share of these with a side of only 8 to 12 pixels: 8 %.
    package var tinyShare = 0.08
    /// The share of objects drawn with more than 96² pixels, other than rods and persons: 25 %.
    package var largeShare = 0.25
    /// The smallest visible fraction of each object: 60 % of its pixels.
    package var minimumVisibleShare = 0.6
    /// The smallest number of visible pixels of each object: 45.
    package var minimumVisiblePixels = 45
    /// The distance between an object's colours and those around it, where possible: 0.25 in OKLab, in which black and
    /// white are 1 apart.
    package var contrast = 0.25
    /// The largest standard deviation of the sensor noise: 4, in units of the 8-bit values. It varies between images.
    package var strongestNoise = 4.0

    /// The default values.
    package init() {}
}
