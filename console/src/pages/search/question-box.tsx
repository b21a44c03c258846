import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** The search field; `/` focuses it. */
export function QuestionBox({ text }: { text: Signal<string> }) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== '/' || /^(input|textarea|select)$/i.test((event.target as Element).tagName)) return
      event.preventDefault()
      box.current?.focus()
    }
    addEventListener('keydown', focus)
    return () => removeEventListener('keydown', focus)
  }, [])
  return (
    <div class="desk-line">
      <input
        ref={box}
        type="search"
        dir="auto"
        aria-label="Question"
        placeholder="What do you want to find?"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value
        }}
      />
      <button type="submit" class="button primary">
        Search
      </button>
    </div>
  )
}
