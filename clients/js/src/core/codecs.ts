const KNOWN = ["vp9", "h264", "vp8", "av1"];

/** The video codecs that this browser can decode, best picture for the bandwidth first. */
export function decodableCodecs(): string[] {
  const capabilities = typeof RTCRtpReceiver === "undefined" ? null : RTCRtpReceiver.getCapabilities("video");
  const found = new Set(capabilities?.codecs.map((codec) => codec.mimeType.split("/")[1]?.toLowerCase()));
  return KNOWN.filter((codec) => found.has(codec));
}
