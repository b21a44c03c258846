/** A share from 0 to 1, drawn as a lane that is filled that far. */
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
