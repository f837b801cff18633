import MaskRCNN

// Stands in for Diagnosis/Cause.swift until that is there; delete this file then.

/// What may have made a stage differ.
public struct Cause: Sendable {
    /// In words.
    public let name: String
    /// The stage in which it acts.
    public let stage: Stage
    /// The share of the error that goes away when the reference does the same: 0 … 1.
    public let explains: Double
}
