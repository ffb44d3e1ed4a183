/** The default look: a compact panel that follows the page's `color-scheme`. */
export const CSS = `
:root{--reactor-accent:light-dark(#0b62c4,#74b8ff);--reactor-text:light-dark(#1b2127,#e4e8ec);
--reactor-muted:light-dark(#5a6570,#98a4af);--reactor-surface:light-dark(#fff,#15191d);
--reactor-inset:light-dark(#f3f5f7,#0c0f12);--reactor-line:light-dark(#e1e6ea,#2a3138);
--reactor-edge:light-dark(#8a949e,#66717b);--reactor-error:light-dark(#b3261e,#ff9a90);
--reactor-radius:6px;--reactor-size:2rem;--reactor-slim:1.5rem;--reactor-font:.8125rem/1.4 system-ui,sans-serif}
@media(pointer:coarse){:root{--reactor-size:2.875rem;--reactor-slim:2.875rem}}
.reactor-controls{min-width:0;margin:0;padding:.25rem .875rem;border:1px solid var(--reactor-line);border-radius:12px;
background:var(--reactor-surface);color:var(--reactor-text);font:var(--reactor-font);
&:disabled{opacity:.5}
*{box-sizing:border-box;min-width:0}
p{margin:.25rem 0 0;overflow-wrap:anywhere}
p,small{color:var(--reactor-muted);font-weight:400;font-size:.92em}
strong{color:var(--reactor-error);font-weight:400}
button,select,textarea,input:not([type]),[type=number],[type=range],[role=switch],.reactor-segments,.reactor-drop{
font:inherit;color:inherit;margin:0;min-height:var(--reactor-size);padding:.25rem .5rem;border:1px solid var(--reactor-edge);
border-radius:var(--reactor-radius);background:var(--reactor-inset)}
button{background:0;font-weight:550;cursor:pointer}
button:hover{border-color:var(--reactor-accent)}
button:active,[aria-pressed=true],:checked,:checked+span{background:var(--reactor-accent);
border-color:var(--reactor-accent);color:var(--reactor-surface)}
::placeholder{color:var(--reactor-muted);opacity:1}
[aria-invalid]{border-color:var(--reactor-error)}
:focus-visible,:focus-visible+span,.reactor-drop:focus-within{outline:2px solid var(--reactor-accent);outline-offset:1px}
[type=number]{font-variant-numeric:tabular-nums;text-align:right;appearance:textfield}
::-webkit-inner-spin-button{display:none}
textarea{display:block;resize:vertical;field-sizing:content;min-height:4.5rem;max-height:16rem}
.reactor-code{font-family:ui-monospace,monospace}
[type=range]{appearance:none;overflow:hidden;min-height:0;height:var(--reactor-slim);padding:0;cursor:ew-resize}
::-webkit-slider-thumb{appearance:none;width:4px;height:var(--reactor-slim);background:var(--reactor-accent);
box-shadow:-50rem 0 0 50rem color-mix(in srgb,var(--reactor-accent) 30%,#0000)}
::-moz-range-thumb{border:0;width:4px;height:var(--reactor-slim);background:var(--reactor-accent);
box-shadow:-50rem 0 0 50rem color-mix(in srgb,var(--reactor-accent) 30%,#0000)}
[data-unset]{--reactor-accent:var(--reactor-edge)}
[role=switch]{appearance:none;position:relative;display:flex;width:2.25rem;min-height:0;height:1.25rem;padding:2px;
border-radius:1rem;cursor:pointer;
&::before{content:"";height:100%;aspect-ratio:1;border-radius:1rem;background:var(--reactor-edge)}
&::after{content:"";position:absolute;inset:-.375rem}
&:checked{justify-content:end;&::before{background:var(--reactor-surface)}}
&:indeterminate{justify-content:center}}
.reactor-command{padding:.625rem 0;border-top:1px solid var(--reactor-line);&:first-child{border:0}}
.reactor-parameters,.reactor-fields,.reactor-entries{display:grid;gap:.625rem}
.reactor-parameters{>p{margin-top:-.5rem}>.reactor-send{justify-self:end}}
.reactor-bare{.reactor-parameters{display:flex;flex-direction:row-reverse;align-items:center}.reactor-send{min-width:6rem}
p{flex:1;margin:0}:only-child{flex:1}}
.reactor-live .reactor-send:not(:hover,:active){border-color:#0000;color:var(--reactor-accent)}
.reactor-fields{padding-left:.75rem;border-left:2px solid var(--reactor-line)}
.reactor-label,.reactor-row,.reactor-entry,.reactor-drop{display:flex;align-items:center;gap:.5rem}
.reactor-label{font-weight:600;min-height:1.5rem;
label{flex:1}
button{min-height:var(--reactor-slim);padding:0 .75rem;border-radius:1rem;font-size:.92em;font-weight:400}
[aria-pressed=true]{background:var(--reactor-line);border-color:#0000;color:inherit}}
.reactor-row{align-items:end;margin-top:.25rem;>:first-child{flex:1}>[type=range]{align-self:center;+input{width:5.25rem}}}
.reactor-switch{display:grid;grid-template-columns:1fr auto;column-gap:.75rem;align-items:center;
p{grid-column:1/-1}.reactor-row{margin:0;align-items:center}}
.reactor-segments{display:flex;padding:2px;
label{flex:auto;position:relative;text-align:center;input{pointer-events:none}}
span{display:grid;place-content:center;height:100%;padding:0 .375rem;border-radius:4px}}
.reactor-segments,.reactor-drop{input{position:absolute;inset:0;opacity:0;cursor:pointer}}
.reactor-entries{grid-template-columns:repeat(auto-fill,minmax(calc(3.5rem + var(--reactor-slim)),1fr));gap:.375rem;
>button{justify-self:start;width:var(--reactor-size)}}
.reactor-entry{gap:0;&:not(:has(>.reactor-number)){grid-column:1/-1}
>.reactor-field{flex:1;position:relative}
>:not(.reactor-group)>.reactor-label{position:absolute;clip-path:inset(50%)}
>button{border:0;padding:0;width:var(--reactor-slim)}
.reactor-row{margin:0}[type=range]{display:none}}
.reactor-pad{display:grid;grid-template-columns:repeat(3,auto) .5rem repeat(3,auto) .5rem repeat(3,auto);
justify-content:center;touch-action:none;user-select:none;-webkit-touch-callout:none;
button{min-width:min(2.5rem,9vw);height:2.5rem;margin:1px;padding:0}}
.reactor-drop{position:relative;min-height:4.5rem;border-style:dashed;color:var(--reactor-muted);
img{height:3.5rem;max-width:60%;object-fit:contain}}
.reactor-note{padding:1rem 0;text-align:center}
@media(pointer:coarse){select,textarea,input:not([role]){font-size:1rem}[role=switch]{width:3.5rem;height:2rem}
.reactor-pad:not(:has(>:nth-child(7))) button{min-width:3.5rem;height:3.5rem}}
}`;
