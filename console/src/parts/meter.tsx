/** A share as a lane: filled as far as it goes. */
export function Meter({
  share,
  label,
  height,
  thick = false,
}: {
  share: number
  label: string
  height?: string
  thick?: boolean
}) {
  const filled = Math.max(0, Math.min(1, share))
  return (
    <>
      <meter class="unseen" min={0} max={1} value={filled} aria-label={label} />
      <div
        class={thick ? 'track thick' : 'track'}
        style={height === undefined ? {} : { height }}
        aria-hidden="true"
      >
        {filled > 0 && <i style={{ width: `${filled * 100}%` }} />}
      </div>
    </>
  )
}
