import { ReactorController, ReactorProvider, ReactorView } from "@reactor-local/js-sdk";

export default function Page() {
  return (
    <main>
      <ReactorProvider modelName="my-model" local>
        <ReactorView />
        <ReactorController />
      </ReactorProvider>
    </main>
  );
}
