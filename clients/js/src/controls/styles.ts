/** The default look: a compact panel that follows the page's `color-scheme`. */
export const CSS = `
.reactor-controls{--accent:var(--reactor-accent,light-dark(#0b62c4,#74b8ff));
--text:var(--reactor-text,light-dark(#1b2127,#e4e8ec));--muted:var(--reactor-muted,light-dark(#5a6570,#98a4af));
--surface:var(--reactor-surface,light-dark(#fff,#15191d));--inset:var(--reactor-inset,light-dark(#f3f5f7,#0c0f12));
--line:var(--reactor-line,light-dark(#e1e6ea,#2a3138));--edge:var(--reactor-edge,light-dark(#8a949e,#66717b));
--error:var(--reactor-error,light-dark(#b3261e,#ff9a90));--radius:var(--reactor-radius,6px);
display:grid;grid-template-columns:repeat(auto-fill,minmax(min(8rem,100%),1fr));gap:0 .5rem;align-items:start;
min-width:0;margin:0;padding:.25rem .875rem;border:1px solid var(--line);border-radius:calc(2*var(--radius));
background:var(--surface);color:var(--text);font:var(--reactor-font,.8125rem/1.4 system-ui,sans-serif);
&:disabled{opacity:.5}
*{box-sizing:border-box;min-width:0}
p{margin:.25rem 0 0;color:var(--muted);font-size:.92em;overflow-wrap:anywhere}
strong{color:var(--error);font-weight:400}
small{color:var(--muted);font-weight:400}
button,select,textarea,.reactor-segments,input:not([type]),[type=number]{font:inherit;color:inherit;
min-height:2rem;padding:.25rem .5rem;border:1px solid var(--edge);border-radius:var(--radius);background:var(--inset)}
button{background:var(--surface);font-weight:550;cursor:pointer}
button:hover{border-color:var(--accent)}
button:active,[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:var(--surface)}
::placeholder{color:var(--muted);opacity:1}
[aria-invalid]{border-color:var(--error)}
:focus-visible,:focus-visible+span,.reactor-drop:focus-within{outline:2px solid var(--accent);outline-offset:1px}
[type=number]{font-variant-numeric:tabular-nums;text-align:right;appearance:textfield}
::-webkit-inner-spin-button{display:none}
textarea{display:block;resize:vertical;field-sizing:content;min-height:4.5rem;max-height:16rem}
.reactor-code{font-family:ui-monospace,monospace}
[type=range]{appearance:none;overflow:hidden;height:1.5rem;margin:0;cursor:ew-resize;
border:1px solid var(--edge);border-radius:var(--radius);background:var(--inset)}
::-webkit-slider-thumb{appearance:none;width:4px;height:1.5rem;background:var(--accent);
box-shadow:-50rem 0 0 50rem color-mix(in srgb,var(--accent) 30%,transparent)}
::-moz-range-thumb{border:0;width:4px;height:1.5rem;background:var(--accent);
box-shadow:-50rem 0 0 50rem color-mix(in srgb,var(--accent) 30%,transparent)}
[data-unset]{--accent:var(--edge)}
[role=switch]{appearance:none;width:2.25rem;height:1.25rem;margin:0;padding:2px;border:1px solid var(--edge);
border-radius:1rem;background:var(--inset);cursor:pointer;
&::before{content:"";display:block;height:100%;aspect-ratio:1;border-radius:50%;background:var(--edge);transition:translate .12s}
&:checked{background:var(--accent);border-color:var(--accent)}
&:checked::before{translate:1rem;background:var(--surface)}
&:indeterminate::before{translate:.5rem}}
.reactor-command{grid-column:1/-1;padding:.625rem 0;border-top:1px solid var(--line);&:first-child{border:0}}
.reactor-bare{grid-column:auto;border:0;.reactor-send{width:100%}}
.reactor-parameters{display:grid;gap:.625rem;>p{margin-top:-.5rem}>.reactor-send{justify-self:end}>.reactor-label{font-weight:650}}
.reactor-bare .reactor-parameters{display:block;>p{margin:.25rem 0 0}}
.reactor-live .reactor-send:not(:hover,:active){border-color:transparent;color:var(--muted)}
.reactor-fields{display:grid;gap:.625rem;padding-left:.75rem;border-left:2px solid var(--line)}
.reactor-label{display:flex;align-items:center;gap:.5rem;font-weight:550;min-height:1.5rem;
label{flex:1}
button{min-height:0;padding:0 .5rem;border-radius:1rem;font-size:.92em;font-weight:400}
[aria-pressed=true]{background:var(--line);border-color:transparent;color:var(--text)}}
.reactor-row{display:flex;align-items:end;gap:.5rem;margin-top:.25rem;>:first-child{flex:1}>[type=range]{align-self:center;+input{width:5.25rem}}}
.reactor-switch{display:grid;grid-template-columns:1fr auto;column-gap:.75rem;align-items:center;p{grid-column:1/-1}
.reactor-row{margin:0;align-items:center}}
.reactor-segments{display:flex;padding:2px;
label{flex:auto;position:relative;text-align:center}
input{position:absolute;inset:0;opacity:0;margin:0;cursor:pointer}
span{display:grid;place-content:center;height:100%;padding:0 .375rem;border-radius:calc(var(--radius) - 2px)}
:checked+span{background:var(--accent);color:var(--surface)}}
.reactor-entries{display:grid;grid-template-columns:repeat(auto-fill,minmax(6rem,1fr));gap:.375rem;>button{justify-self:start;width:2rem}}
.reactor-entry{display:flex;align-items:center;&:not(:has(>.reactor-number)){grid-column:1/-1}
>.reactor-field{flex:1;position:relative}
.reactor-row{margin:0}
[type=range]{display:none}
>:not(.reactor-group)>.reactor-label{position:absolute;clip-path:inset(50%)}
>button{border-color:transparent;padding:0;width:1.5rem;font-weight:400}}
.reactor-pad{display:grid;grid-template-columns:repeat(3,auto) .5rem repeat(3,auto) .5rem repeat(3,auto);
justify-content:center;touch-action:none;user-select:none;-webkit-touch-callout:none;
button{min-width:min(2.5rem,9vw);height:2.5rem;margin:1px;padding:0}}
.reactor-drop{position:relative;display:flex;align-items:center;gap:.75rem;min-height:4.5rem;padding:.5rem;
border:1px dashed var(--edge);border-radius:var(--radius);background:var(--inset);color:var(--muted);
input{position:absolute;inset:0;opacity:0;cursor:pointer}
img{height:3.5rem;max-width:60%;object-fit:contain;border-radius:3px}}
.reactor-note{grid-column:1/-1;padding:1rem 0;text-align:center}
@media(pointer:coarse){select,textarea,input:not([type]),[type=number]{font-size:1rem;min-height:2.5rem}}
}`;
